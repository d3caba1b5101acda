import { connectionPool } from "../../provider/host/connection-pool";
import { Deployment } from "../contract/deployment";
import { seeThatTheIommuNeedsNothing, seeThatTheIommuStaysOff } from "../contract/iommu-of-debian";
import { driverOf, output, type TestHost } from "../contract/test-host";
import { bootLab } from "../lab/lab-host";

// An initramfs takes minutes on an emulated host, and there are four reboots' worth of them.
jest.setTimeout(60 * 60_000);
// Under QEMU's emulation a program of the host crashes now and then.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";

let host: TestHost;
beforeEach(async () => {
  host = await bootLab({ mode: "kvm" });
});
afterEach(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

/** Sources of the boot, byte for byte, and what the initramfs has in it (its own bytes differ with every making). */
function bootFiles(): Promise<string> {
  return output(
    host,
    `find /etc/initramfs-tools /etc/modprobe.d /etc/default /etc/modules-load.d /boot -type f ! -name 'initrd*' -exec cksum {} + | sort -k 3
find /etc/initramfs-tools /var/lib -path '*pci-passthrough*'`,
  );
}

function initramfsContents(): Promise<string> {
  return output(
    host,
    "lsinitramfs -l /boot/initrd.img-$(uname -r) | awk '{ print $1, $5, $NF }' | grep -v '/$' | sort -k 3",
  );
}

test("a function is on vfio-pci from boot on, by its address, and back on its driver after the removal", async () => {
  await output(host, "sed -i 's/ intel_iommu=on//' /etc/default/grub.d/lab.cfg && update-grub");
  // The first initramfs is of the installer's making; what ours is compared with is one made on this host.
  await output(host, "update-initramfs -u");
  const [files, contents] = [await bootFiles(), await initramfsContents()];

  const run = new Deployment(host);
  const hidden = await run.create("HiddenPciDevice", { device: NIC });
  expect(hidden.outs).toMatchObject({ configured: true, active: false, pending: "host-reboot" });
  expect(run.lines.join("\n")).toMatch(/update-initramfs: \d+ s so far/);
  expect(await driverOf(host, NIC)).toBe("e1000e");

  await host.reboot();
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
