import { connectionPool } from "../../provider/host/connection-pool";
import { Deployment } from "../contract/deployment";
import { driverOf, output, type TestHost } from "../contract/test-host";
import { bootLab } from "../lab/lab-host";

// Each boot takes a minute on an emulated host, an initramfs too, and a boot without its network two more.
jest.setTimeout(60 * 60_000);

const NIC = "0000:01:00.0";
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

/** All that boots the host but the initramfs, whose bytes differ with every making. */
function bootFiles(): Promise<string> {
  return output(
    host,
    `find /boot /etc/initramfs-tools /etc/systemd/system -type f ! -name 'initrd.img-*' -exec cksum {} + | sort -k 3
ls -A /boot /boot/grub /etc/systemd/system /etc/systemd/system/*.wants`,
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
  const run = new Deployment(impatient);
  await expect(run.create("HostReboot", {})).rejects.toThrow(WENT_BACK);
  expect(run.lines.join("\n")).toContain("it is back after");
  expect(await driverOf(host, device)).toBe(driver);
  expect(await output(host, "cat /proc/cmdline")).toContain("pci-passthrough.trial=old");
  await new Deployment(host).delete(hidden);
  expect(await bootFiles()).toBe(files);
});

test("a device that nothing needs goes through the trial, and is hidden from then on", async () => {
  const files = await bootFiles();
  const hidden = await new Deployment(host).create("HiddenPciDevice", { device: NIC });
  const reboot = await new Deployment(host).create("HostReboot", {});
  expect(reboot.outs).toMatchObject({ pending: "none" });
  expect((await new Deployment(host).read(hidden))?.outs).toMatchObject({ active: true, pending: "none" });
  expect(await driverOf(host, NIC)).toBe("vfio-pci");
  expect(await output(host, "ls -A /boot /boot/grub /etc/systemd/system")).not.toContain("pci-passthrough");
  await new Deployment(host).delete(hidden);
  expect(await bootFiles()).toBe(files);
});
