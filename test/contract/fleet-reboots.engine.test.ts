import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { PulumiProject } from "../engine/pulumi-project";
import { driverOf } from "./test-host";

jest.setTimeout(600_000);

const NIC = "0000:01:00.0";

/** How often the fleet is made anew, each time with eight hosts: whether one reboots must be no matter of luck. */
const FLEET_RUNS = Number(process.env.FLEET_RUNS ?? "0");
const NAMES = Array.from({ length: FLEET_RUNS > 0 ? 8 : 4 }, (_, index) => `xen${index + 1}`);

/** Gives what every second host has, from the first on, and what the others have. */
const alternately = <T>(first: T, second: T): T[] => NAMES.map((_, index) => (index % 2 === 0 ? first : second));

/** Hosts that are all alike, of which every second one also makes the device assignable, which saves the reboot. */
describe.each(Array.from({ length: FLEET_RUNS || 1 }, (_, index) => index + 1))(
  "a fleet of equal hosts, run %i",
  () => {
    const hosts: SimulatedHost[] = [];
    let project: PulumiProject;

    const program = (hides: boolean) => `
    const pci = require("pulumi-pci-passthrough");
    const hosts = ${JSON.stringify(hosts.map(({ address, port, user, identityFile, hostKey }) => ({ address, port, user, identityFile, hostKey })))};
    hosts.forEach((host, index) => {
      const device = "${NIC}";
      if (${hides} && index % 2 === 0) exports["pending" + index] = new pci.HiddenPciDevice("nic" + index, { host, device }).pending;
      if (index % 2 === 1) exports["pending" + index] = new pci.PciPassthrough("nic" + index, { host, device, vm: "web1" }).hidden.pending;
      new pci.HostReboot("reboot" + index, { host });
    });`;

    beforeAll(async () => {
      hosts.push(...(await Promise.all(NAMES.map((name) => startSimulatedHost({ name, profile: "debian-xl" })))));
      project = await PulumiProject.create({ kind: "text", text: program(true) });
    });
    afterAll(async () => {
      await project?.dispose();
      await Promise.all(hosts.map((host) => host.stop()));
    });

    const reboots = () => hosts.map(({ stats }) => stats.reboots);
    const drivers = () => Promise.all(hosts.map((host) => driverOf(host, NIC)));

    test("is rebooted where a boot change waits when all is declared, and outputs are as after that", async () => {
      const { exitCode, output } = await project.up();
      expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
      expect(reboots()).toEqual(alternately(1, 0));
      expect(await drivers()).toEqual(alternately("pciback", "pciback"));
      expect(await project.outputs()).toEqual(Object.fromEntries(NAMES.map((_, index) => [`pending${index}`, "none"])));
      expect(output).toContain("waits until other hosts are back");
      expect(await project.up({ args: ["--expect-no-changes"] })).toMatchObject({ exitCode: 0 });
    });

    test("is rebooted for what is removed, in the same run", async () => {
      project.setProgram(program(false));
      const { exitCode, output } = await project.up();
      expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
      expect(reboots()).toEqual(alternately(2, 0));
      expect(await drivers()).toEqual(alternately("e1000e", "pciback"));
    });
  },
);
