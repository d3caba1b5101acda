import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Deployment } from "./deployment";
import { driverOf, output, type TestHost } from "./test-host";

const NIC = "0000:01:00.0";
const MANAGEMENT = "0000:00:03.0";
const BOOT_DISK = "0000:00:02.0";
const ALLOW = ["ssh-route", "host-network", "mounted-storage", "boot-device", "iommu-group"];
const WENT_BACK = "the host did not come up with the new boot and went back to the old one";

jest.setTimeout(600_000);
afterAll(() => connectionPool.closeAll());

/** Everything that has to do with the boot, byte for byte. */
function bootFiles(host: TestHost): Promise<string> {
  return output(
    host,
    `find /boot /etc /var/lib -type f ! -path '/etc/machine-id' -exec cksum {} + | sort -k 3
ls /etc/systemd/system /boot/grub`,
  );
}

/** Whatever is done to the host, it boots from the same bytes in the end. */
async function onHost(profile: string, body: (host: SimulatedHost) => Promise<void>): Promise<void> {
  const host = await startSimulatedHost({ name: "host1", profile });
  try {
    const untouched = await bootFiles(host);
    await body(host);
    expect(await bootFiles(host)).toBe(untouched);
  } finally {
    await host.stop();
  }
}

const kinds = [
  ["debian-kvm", "vfio-pci", {}, "the network card of the SSH session", MANAGEMENT],
  ["debian-xl", "pciback", { mechanism: "initramfs" }, "the controller of the boot disk", BOOT_DISK],
] as const;

describe.each(kinds)("%s", (profile, stub, how, lost, device) => {
  const wish = { ...how, device: NIC };

  test("a boot that comes up is confirmed by the reboot, and nothing of the trial is left", () =>
    onHost(profile, async (host) => {
      const preview = new Deployment(host);
      await preview.check("HiddenPciDevice", wish);
      expect(preview.lines.join("\n")).toContain("a boot that fails goes back by itself");

      const hidden = await new Deployment(host).create("HiddenPciDevice", wish);
      expect(hidden.outs).toMatchObject({ pending: "host-reboot" });
      expect(await output(host, "ls /boot")).toContain("pci-passthrough-old-initrd.img-");
      const run = new Deployment(host);
      const reboot = await run.create("HostReboot", {});
      expect(reboot.outs).toMatchObject({ pending: "none" });
      expect(run.lines.join("\n")).toContain("a boot that fails goes back by itself");
      expect(await driverOf(host, NIC)).toBe(stub);
      expect(await output(host, "ls /boot /boot/grub /etc/systemd/system")).not.toContain("pci-passthrough");
      expect((await new Deployment(host).read(hidden))?.outs).toMatchObject({ active: true, pending: "none" });

      // The next change begins in a boot that was on trial.
      await new Deployment(host).delete(hidden);
      await new Deployment(host).delete(reboot);
    }));

  test(`a boot without ${lost} goes back by itself, and the reboot fails`, () =>
    onHost(profile, async (host) => {
      const bad = { ...how, device, allow: ALLOW };
      const driver = await driverOf(host, device);
      const hidden = await new Deployment(host).create("HiddenPciDevice", bad);
      await expect(new Deployment(host).create("HostReboot", {})).rejects.toThrow(
        `Unable to reboot the host on 127.0.0.1: ${WENT_BACK}`,
      );
      expect(await driverOf(host, device)).toBe(driver);
      expect(await output(host, "cat /proc/cmdline")).toContain("pci-passthrough.trial=old");
      await expect(new Deployment(host).update(hidden, bad)).rejects.toThrow(WENT_BACK);
      await expect(new Deployment(host).create("HiddenPciDevice", wish, "another")).rejects.toThrow(WENT_BACK);
      // However often it is rebooted, the old one is booted.
      await host.reboot();
      expect(await driverOf(host, device)).toBe(driver);
      await new Deployment(host).delete(hidden);
      await host.reboot();
      expect(await output(host, "cat /proc/cmdline")).not.toContain("pci-passthrough");
      expect(await driverOf(host, device)).toBe(driver);
    }));
});

test.each(["the next up", "a refresh"])("a boot that a person began is confirmed by %s", (by) =>
  onHost("debian-kvm", async (host) => {
    const hidden = await new Deployment(host).create("HiddenPciDevice", { device: NIC });
    await host.reboot();
    expect(await output(host, "cat /proc/cmdline")).toContain("panic=10 pci-passthrough.trial=new");
    const preview = new Deployment(host);
    await preview.check("HiddenPciDevice", { device: NIC });
    expect(preview.lines.join("\n")).toContain("the boot on trial is confirmed: the host keeps it");
    const after =
      by === "a refresh"
        ? await new Deployment(host).read(hidden)
        : await new Deployment(host).update(hidden, { device: NIC });
    expect(after?.outs).toMatchObject({ active: true, pending: "none" });
    expect(await output(host, "ls /boot/grub")).not.toContain("pci-passthrough");
    await new Deployment(host).delete(hidden);
  }),
);

test("taken back before the reboot, nothing of the trial is left; a custom.cfg of the user's keeps its text", () =>
  onHost("debian-kvm", async (host) => {
    host.writeFile("/boot/grub/custom.cfg", "set color_normal=cyan/blue\n");
    const first = await new Deployment(host).create("HiddenPciDevice", { device: NIC }, "first");
    const second = await new Deployment(host).create("HiddenPciDevice", { device: "0000:02:00.0" }, "second");
    await new Deployment(host).delete(first);
    expect(host.readFile("/boot/grub/custom.cfg")).toMatch(/^set color_normal=cyan\/blue\n### BEGIN/);
    expect(host.readFile("/boot/grub/pci-passthrough.env")).toMatch(
      /^# GRUB Environment Block\npci_passthrough_trial=once\n#+$/,
    );
    await new Deployment(host).delete(second);
    expect(host.readFile("/boot/grub/custom.cfg")).toBe("set color_normal=cyan/blue\n");
    await output(host, "rm /boot/grub/custom.cfg");
  }));

test('safety.trialBoot "never": the boot is changed as it stands', () =>
  onHost("debian-kvm", async (host) => {
    const careless = { ...host, safety: { trialBoot: "never" as const } };
    const preview = new Deployment(careless);
    await preview.check("HiddenPciDevice", { device: NIC });
    expect(preview.lines.join("\n")).toContain('does not go back by itself (safety.trialBoot is "never")');
    const hidden = await new Deployment(careless).create("HiddenPciDevice", { device: NIC });
    expect(await output(host, "ls /boot /boot/grub")).not.toContain("pci-passthrough");
    await new Deployment(careless).delete(hidden);
  }));

test("a run that is killed while it arms the trial is finished by the next one", () =>
  onHost("debian-kvm", async (host) => {
    host.failAt({ kill: "dd", times: 1 });
    await expect(new Deployment(host).create("HiddenPciDevice", { device: NIC })).rejects.toThrow();
    host.heal();
    const hidden = await new Deployment(host).create("HiddenPciDevice", { device: NIC });
    expect(host.readFile("/boot/grub/pci-passthrough.env")).toContain("pci_passthrough_trial=once");
    await new Deployment(host).delete(hidden);
  }));
