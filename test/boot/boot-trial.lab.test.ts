import { TRIAL_UNIT } from "../../provider/boot/boot-trial-files";
import { connectionPool } from "../../provider/host/connection-pool";
import { Deployment } from "../contract/deployment";
import { seeThatTheIommuNeedsNothing, seeThatTheIommuStaysOff } from "../contract/iommu-of-debian";
import { driverOf, output, type TestHost } from "../contract/test-host";
import { bootLab } from "../lab/lab-host";

// Each boot takes a minute on an emulated host, an initramfs too, and a boot without its network two more.
jest.setTimeout(60 * 60_000);

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";
const MANAGEMENT = "0000:00:03.0";
const BOOT_DISK = "0000:00:02.0";
const ALLOW = ["ssh-route", "host-network", "mounted-storage", "boot-device", "iommu-group"];
const WENT_BACK = "the host did not come up with the new boot and went back to the old one";

let host: TestHost;
beforeAll(async () => {
  host = await bootLab({ mode: "kvm" });
});
afterAll(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

/** Sources of the boot, byte for byte; the bytes of an initramfs differ with every making. */
function bootFiles(): Promise<string> {
  return output(
    host,
    `find /boot /etc/initramfs-tools /etc/modprobe.d /etc/default /etc/modules-load.d /etc/systemd/system -type f ! -name 'initrd*' -exec cksum {} + | sort -k 3
ls -A /boot /boot/grub /etc/systemd/system /etc/systemd/system/*.wants
find /etc/initramfs-tools /var/lib -path '*pci-passthrough*'`,
  );
}

function initramfsContents(): Promise<string> {
  return output(
    host,
    "lsinitramfs -l /boot/initrd.img-$(uname -r) | awk '{ print $1, $5, $NF }' | grep -v '/$' | sort -k 3",
  );
}

test.each([
  ["its network card", MANAGEMENT, "e1000e"],
  ["the controller of its boot disk", BOOT_DISK, "virtio-pci"],
])("a host whose boot lost %s is back with the old one by itself", async (_, device, driver) => {
  const files = await bootFiles();
  // Nobody can confirm this boot. A good one has ten minutes, the default, since a busy machine takes its time.
  const impatient: TestHost = { ...host, safety: { bootConfirmSeconds: 120 } };
  const hidden = await new Deployment(impatient).create("HiddenPciDevice", { device, allow: ALLOW });
  // Less than a program can ask for: the host would idle until then.
  await output(host, `sed -i 's/-ge 120 /-ge 25 /' ${TRIAL_UNIT} && grep -e '-ge 25 ' ${TRIAL_UNIT}`);
  const run = new Deployment(impatient);
  await expect(run.create("HostReboot", {})).rejects.toThrow(WENT_BACK);
  expect(run.lines.join("\n")).toContain("it is back after");
  expect(await driverOf(host, device)).toBe(driver);
  expect(await output(host, "cat /proc/cmdline")).toContain("pci-passthrough.trial=old");
  await new Deployment(host).delete(hidden);
  expect(await bootFiles()).toBe(files);
});

test("a device that nothing needs goes through the trial, and is hidden by its address until its removal", async () => {
  const [files, contents] = [await bootFiles(), await initramfsContents()];
  const slowHook = "/etc/initramfs-tools/hooks/slow";
  await output(host, `printf '#!/bin/sh\n[ "$1" = prereqs ] || sleep 10\n' > ${slowHook} && chmod +x ${slowHook}`);
  const run = new Deployment(host);
  const hidden = await run.create("HiddenPciDevice", { device: NIC });
  await output(host, `rm ${slowHook}`);
  expect(hidden.outs).toMatchObject({ configured: true, active: false, pending: "host-reboot" });
  expect(run.lines.join("\n")).toMatch(/update-initramfs: \d+ s so far/);
  expect(await driverOf(host, NIC)).toBe("e1000e");

  const reboot = await new Deployment(host).create("HostReboot", {});
  expect(reboot.outs).toMatchObject({ pending: "none" });
  expect(await output(host, "ls -A /boot /boot/grub /etc/systemd/system")).not.toContain("pci-passthrough");
  await seeThatTheIommuNeedsNothing(host);
  expect(await driverOf(host, NIC)).toBe("vfio-pci");
  expect(await driverOf(host, OTHER_NIC)).toBe("e1000e");
  // Its own driver never had it: that would have registered a network interface for it.
  expect(await output(host, "dmesg")).not.toMatch(new RegExp(`e1000e ${NIC}.*(?:eth|registered)`));
  const after = await new Deployment(host).read(hidden);
  expect(after?.outs).toMatchObject({ configured: true, active: true, pending: "none" });

  await new Deployment(host).delete(hidden);
  expect(await bootFiles()).toBe(files);
  expect(await initramfsContents()).toBe(contents);
  await output(host, "sed -i 's/console=hvc0/& intel_iommu=off/' /etc/default/grub.d/lab.cfg && update-grub");
  await host.reboot();
  await seeThatTheIommuStaysOff(host);
  expect(await driverOf(host, NIC)).toBe("e1000e");
});
