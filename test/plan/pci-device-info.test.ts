import type { HostFacts } from "../../provider/facts/host-facts";
import type { PciDeviceFilter } from "../../provider/plan/inventory/device-info";
import { pciDeviceInfos } from "../../provider/plan/inventory/pci-device-info";
import { simulate } from "../../provider/steps/steps";
import { textFile, withVmConfigs } from "./host-files";
import { address, LAB, listed } from "./recorded-host";

const config = textFile("/etc/xen/plain.cfg", 'name = "plain"\npci = [ "03:00.0" ]\n');
const taken = simulate(LAB, [
  { kind: "make-assignable", address: address("01:00.1"), from: "e1000e", stub: "pciback", by: "xl" },
  { kind: "make-assignable", address: address("02:00.0"), from: "xhci_hcd", stub: "pciback", by: "xl" },
]);
const FACTS: HostFacts = {
  ...withVmConfigs(taken, config),
  domains: listed({
    id: 4,
    name: "runs",
    uuid: undefined,
    paused: false,
    startedForDevices: true,
    disks: [],
    pciDevices: [{ address: address("02:00.0") }],
  }),
};

const filters: readonly [string, PciDeviceFilter, readonly string[]][] = [
  ["a vendor and device", { id: "8086:10D3" }, ["0000:00:03.0", "0000:01:00.0", "0000:01:00.1"]],
  ["a vendor", { id: "1234" }, ["0000:00:01.0"]],
  ["the beginning of a class", { class: "0108" }, ["0000:03:00.0"]],
  ["a driver", { driver: "nvme" }, ["0000:03:00.0"]],
  ["a part of the label, in any case", { label: "nvm express" }, ["0000:03:00.0"]],
  ["what can be attached now", { assignable: true }, ["0000:01:00.1"]],
  ["the VM whose configuration has it", { vm: "plain" }, ["0000:03:00.0"]],
  ["the VM that has it now", { vm: "runs" }, ["0000:02:00.0"]],
  ["two things at once", { id: "8086:10d3", driver: "e1000e" }, ["0000:00:03.0", "0000:01:00.0"]],
  ["what there is not", { id: "10de:0000" }, []],
];
test.each(filters)("a filter keeps %s", (_, filter, addresses) => {
  expect(pciDeviceInfos(FACTS, filter).map((info) => info.address)).toEqual(addresses);
});

test("without a filter it is every function, and a virtual one names its physical one", () => {
  const controller = FACTS.pciDevices.get(address("03:00.0"));
  if (!controller) throw new Error("the lab host has that controller");
  const vf = { ...controller, address: address("03:00.1"), physicalFunction: controller.address, iommuGroup: "9" };
  const pciDevices = new Map([
    ...FACTS.pciDevices,
    [vf.address, vf],
    [controller.address, { ...controller, iommuGroup: "9" }],
  ]);
  const infos = pciDeviceInfos({ ...FACTS, pciDevices }, {});
  expect(infos).toHaveLength(15);
  expect(infos.find((info) => info.address === vf.address)).toMatchObject({
    physicalFunction: "0000:03:00.0",
    groupMembers: ["0000:03:00.0"],
    mostVirtualFunctions: 0,
  });
  expect(infos.find((info) => info.address === controller.address)).toMatchObject({ mostVirtualFunctions: 4 });
});
