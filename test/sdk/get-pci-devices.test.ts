import * as pulumi from "@pulumi/pulumi";
import { connectionPool } from "../../provider/host/connection-pool";
import * as pci from "../../sdk";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";

let simulated: SimulatedHost;
let host: pci.GetPciDevicesArgs["host"];
beforeAll(async () => {
  simulated = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
  const { address, port, user, identityFile, hostKey } = simulated;
  host = { address, port, user, identityFile, hostKey };
  await simulated.exec("modprobe xen-pciback && xl pci-assignable-add 01:00.1");
});
afterAll(async () => {
  await connectionPool.closeAll();
  await simulated.stop();
});

test("the functions that match the filter, with all that is known about them", async () => {
  const found = await pci.getPciDevices({ host, filter: { class: "02", assignable: true } });
  expect(found).toEqual([
    {
      address: "0000:01:00.1",
      id: "8086:10d3",
      subsystem: "8086:0000",
      class: "020000",
      label: "Ethernet controller: Intel Corporation 82574L Gigabit Network Connection",
      driver: "pciback",
      assignable: true,
      hidden: false,
      vms: [],
      mostVirtualFunctions: 0,
    },
  ]);
});

test("it asks the host at every call", async () => {
  await simulated.exec("xl pci-assignable-remove -r 01:00.1");
  expect(await pci.getPciDevices({ host, filter: { assignable: true } })).toEqual([]);
});

test("bad input is refused by name, before any connection", async () => {
  const connections = simulated.stats.connections;
  const query = { host, filter: { ids: "8086" } } as unknown as pci.GetPciDevicesArgs;
  await expect(pci.getPciDevices(query)).rejects.toThrow(/Unable to list PCI devices: [\s\S]*ids/);
  await expect(pci.getPciDevices({ host, filter: { class: "net" } })).rejects.toThrow(/must be a class code/);
  expect(simulated.stats.connections).toBe(connections);
});

test("a program's own host is taken, and one that waits for another resource is refused with what to use", async () => {
  const given: pci.HostArgs = { ...host, address: pulumi.output(simulated.address), password: pulumi.secret("unused") };
  expect(await pci.getPciDevices({ host: given, filter: { driver: "nvme" } })).toHaveLength(1);
  const waiting = { ...host, address: pulumi.output(new Promise<string>(() => {})) };
  await expect(pci.getPciDevices({ host: waiting })).rejects.toThrow(
    /waits for another resource\. Use getPciDevicesOutput/,
  );
  const nothing = undefined as unknown as pci.GetPciDevicesArgs;
  await expect(pci.getPciDevices(nothing)).rejects.toThrow(/Unable to list PCI devices: [\s\S]*host/);
});

describe("a host that is not reached", () => {
  const unreached = { address: "127.0.0.1", port: 1, user: "root", hostKey: `SHA256:${"A".repeat(43)}` };
  beforeAll(async () => {
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
      call: () => ({}),
    };
    await pulumi.runtime.setMocks(mocks, "test", "dev", true);
  });

  test("is an error for getPciDevices", async () => {
    await expect(pci.getPciDevices({ host: unreached })).rejects.toThrow(/127\.0\.0\.1/);
  });

  test("leaves the devices unknown in a preview, with a warning", async () => {
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    const output = pci.getPciDevicesOutput({ host: unreached });
    expect(await (output as unknown as { isKnown: Promise<boolean> }).isKnown).toBe(false);
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/127\.0\.0\.1[\s\S]*not known in this preview/));
  });

  test("when it is reached, the devices are known, for the host of an Output too", async () => {
    const output = pci.getPciDevicesOutput({ host: pulumi.output(host), filter: { driver: pulumi.output("nvme") } });
    const found = await new Promise<pci.PciDeviceInfo[]>((done) => output.apply(done));
    expect(found.map(({ address }) => address)).toEqual(["0000:03:00.0"]);
  });
});
