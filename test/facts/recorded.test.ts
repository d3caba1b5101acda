import fs from "node:fs";
import path from "node:path";
import { readHostFacts } from "../../provider/facts/host-facts";
import { vmConfigs } from "../../provider/facts/vm-configs";
import { routeOfSession } from "../../provider/plan/guards/ssh-route";
import { recordedFacts } from "../recorded/recorded-facts";

const facts = recordedFacts("debian12-xen4.17");

test("the devices of the host, with what holds them", () => {
  const devices = [...facts.pciDevices.values()];
  expect(devices).toHaveLength(14);
  expect(devices.find((one) => one.address.startsWith("0000:01:00.0"))).toMatchObject({
    driver: "e1000e",
    bridges: ["0000:00:05.0"],
    resettable: true,
    identity: { id: "8086:10d3", class: "020000" },
  });
});

test("the disk that carries / and the NIC that carries the session", () => {
  expect(facts.storage.uses).toEqual([
    {
      purpose: { kind: "mount", point: "/" },
      blockDevices: ["vda1", "vda"],
      carriedBy: ["0000:00:02.0"],
      untraced: undefined,
    },
  ]);
  const route = routeOfSession(facts);
  expect(route.unknownBecause).toBeUndefined();
  expect(route.interfaces.map((one) => [one.name, one.carriedBy])).toEqual([["mgmt0", "0000:00:03.0"]]);
});

test("Xen, its IOMMU, and pciback as a module", () => {
  expect(facts.xen).toMatchObject({ major: 4, minor: 17, iommu: true, xl: true });
  expect(facts.pciback).toMatchObject({ kind: "module", registered: true });
  expect(facts.pciback.driverModules.get("xhci_hcd")).toBe("xhci_pci");
});

test("VM configurations byte for byte, also one without a last newline", () => {
  expect(vmConfigs(facts.files).map((file) => file.path)).toEqual([
    "/etc/xen/contract.cfg",
    "/etc/xen/pv1.cfg",
    "/etc/xen/pv2.cfg",
  ]);
  expect(vmConfigs(facts.files).at(-1)?.text.endsWith("pci = [\n  # nothing yet\n]")).toBe(true);
});

test("an answer that was cut is refused, wherever it was cut", () => {
  const recorded = fs.readFileSync(path.join(__dirname, "../recorded/debian12-xen4.17/facts.txt"), "latin1");
  const printed = recorded.slice(recorded.indexOf("@facts-begin"));
  for (let at = 0; at < printed.length - 12; at += 997) {
    expect(() => readHostFacts(printed.slice(0, at))).toThrow("the host's answer is incomplete");
  }
});
