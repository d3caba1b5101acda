import { releaseCommand } from "../../cli/release";
import { Deployment } from "../contract/deployment";
import { driverOf, output } from "../contract/test-host";
import { onSimulatedHost, runCommand } from "./command-run";

const DEVICE = "0000:01:00.0";

test("shows what a stack has made for a device, and gives it back once that is confirmed", async () => {
  await onSimulatedHost("debian-xl", async (login, host) => {
    const vmFile = () => output(host, "cat /etc/xen/web1.cfg");
    const before = await vmFile();
    const run = new Deployment(host, "shop");
    await run.create("HiddenPciDevice", { device: "0000:01:00" }, "hidden");
    await run.create("AssignableDevice", { device: DEVICE }, "nic");
    await run.create("VmPciAttachment", { device: DEVICE, vm: "web1" }, "attachment");

    const shown = await runCommand(releaseCommand(), ...login, DEVICE);
    expect(shown).toEqual({
      exitCode: 1,
      stdout: `VmPciAttachment "attachment" of the stack "shop" of the project "contract":
  the entry for ${DEVICE} is removed from /etc/xen/web1.cfg
AssignableDevice "nic" of the stack "shop" of the project "contract":
  ${DEVICE} goes back to e1000e (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection)
HiddenPciDevice "hidden" of the stack "shop" of the project "contract":
  0000:01:00 is no longer hidden at boot
Nothing was changed: answer yes at a terminal, or add --yes.
`,
    });
    expect(await driverOf(host, DEVICE)).toBe("pciback");

    const { stdout, exitCode } = await runCommand(releaseCommand(), ...login, DEVICE, "--yes", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ released: true, claims: [{ kind: "VmPciAttachment" }, {}, {}] });
    expect(exitCode).toBe(0);
    expect(await driverOf(host, DEVICE)).toBe("e1000e");
    expect(await vmFile()).toBe(before);
    expect(await output(host, "ls /var/lib")).not.toContain("pulumi-pci-passthrough");
  });
});

test("nothing is released that nobody manages, or that a running VM has", async () => {
  await onSimulatedHost("debian-xl", async (login) => {
    const release = (device: string) => runCommand(releaseCommand(), ...login, device, "--yes");
    await expect(release(DEVICE)).rejects.toThrow(
      `Unable to release ${DEVICE} on 127.0.0.1: no stack manages it. Nothing was changed.`,
    );
    await expect(release("eth0")).rejects.toThrow(/Unable to release "eth0": it must be a PCI address/);
  });
});
