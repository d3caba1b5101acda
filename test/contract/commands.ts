import type { Command } from "commander";
import { confirmCommand } from "../../cli/confirm";
import { devicesCommand } from "../../cli/devices";
import { doctorCommand } from "../../cli/doctor";
import { importCommand } from "../../cli/import";
import { mapCommand } from "../../cli/map";
import { releaseCommand } from "../../cli/release";
import { loginOf, runCommand } from "../cli/command-run";
import { Deployment } from "./deployment";
import { driverOf, output, type TestHost } from "./test-host";

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";
const SESSION_CARD = "0000:00:03.0";
const USB = "0000:02:00.0";

/** How a person gives the USB controller to a VM's stub driver, and takes it back. */
interface ByHand {
  readonly stubDriver: "pciback" | "vfio-pci";
  readonly take: string;
  readonly giveBack: string;
}

const WITH_XL: ByHand = {
  stubDriver: "pciback",
  take: `modprobe xen-pciback && xl pci-assignable-add ${USB}`,
  giveBack: `xl pci-assignable-remove -r ${USB}`,
};

const WITH_VIRSH: ByHand = {
  stubDriver: "vfio-pci",
  take: "virsh -c qemu:///system nodedev-detach pci_0000_02_00_0",
  giveBack: "virsh -c qemu:///system nodedev-reattach pci_0000_02_00_0",
};

/** The commands of the bin on a host where one stack, that is gone, has the network cards, and a person a USB controller. */
export async function expectCommandsToWork(host: TestHost): Promise<void> {
  const run = (command: Command, ...args: readonly string[]) => runCommand(command, ...loginOf(host), ...args);
  const json = async (command: Command) => JSON.parse((await run(command, "--json")).stdout);
  const { stubDriver, take, giveBack } = (await host.exec("xl info")).exitCode === 0 ? WITH_XL : WITH_VIRSH;
  const hostDriver = await driverOf(host, USB);
  await output(host, take);
  // A confirmation has its time limit, which a slow machine may not keep.
  const gone = new Deployment({ ...host, safety: { confirm: "never" } }, "gone");
  await gone.create("AssignableDevice", { device: "0000:01:00" }, "nics");

  expect(await json(devicesCommand())).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ address: NIC, driver: stubDriver, assignable: true }),
      expect.objectContaining({
        address: SESSION_CARD,
        uses: expect.arrayContaining(["the SSH session"]),
        refusals: [expect.objectContaining({ guard: "ssh-route" })],
      }),
    ]),
  );

  const doctor = await run(doctorCommand());
  expect(doctor.stdout).not.toMatch(/^wrong/m);
  expect(doctor.stdout).toContain('AssignableDevice 0000:01:00 of the stack "gone" of the project "contract" ("nics")');
  expect(doctor.exitCode).toBe(0);

  expect(await json(importCommand())).toContainEqual({
    kind: "AssignableDevice",
    name: "assignable-02-00-0",
    inputs: { device: USB },
  });
  await output(host, giveBack);
  expect(await driverOf(host, USB)).toBe(hostDriver);

  expect(await json(confirmCommand())).toEqual({ boot: "none", said: "no boot is on trial: nothing to confirm" });

  const released = await run(releaseCommand(), "0000:01:00", "--yes");
  expect(released.stdout).toMatch(
    /^AssignableDevice "nics" of the stack "gone" .*\n(.* goes back to e1000e .*\n){2}Released/,
  );
  expect(await driverOf(host, OTHER_NIC)).toBe("e1000e");

  const map = (await run(mapCommand())).stdout;
  expect(map).toMatch(new RegExp(`${NIC}.*\\n *driver e1000e`));
  expect(map).toMatch(/^after the reboot\n {2}as now$/m);
}
