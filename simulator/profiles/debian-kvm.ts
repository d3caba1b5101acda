import { bootLinux } from "../boot/boot-linux";
import { GRUB_CONFIG, initramfsIn, isTrialLost, runBootMenu } from "../boot/boot-menu";
import { linuxCommandLine, makeGrubConfig } from "../boot/grub";
import { formatInitramfs, initramfsPath, packInitramfs } from "../boot/initramfs";
import { virshCommands } from "../commands/virsh";
import { xenstoreCommands } from "../commands/xenstore";
import { xlCommands } from "../commands/xl";
import type { KernelData } from "../kernel/kernel";
import { Libvirt } from "../libvirt/libvirt";
import type { Profile } from "../machine";
import { DEBIAN_KERNEL, debianXl } from "./debian-xl";
import { kvmGuest } from "./kvm-guest";

const KERNEL: KernelData = { ...DEBIAN_KERNEL, iommu: true };

const { xen: _, xenImage: __, ...linux } = debianXl;
const ofXen = [...Object.keys(xlCommands), ...Object.keys(xenstoreCommands)];

/** Debian 12 with KVM and libvirt 9.0: the lab host of test/lab without Xen below it. */
export const debianKvm: Profile = {
  ...linux,
  name: "debian-kvm",
  kernel: KERNEL,
  libvirt: {
    version: "9.0.0",
    hypervisor: "QEMU 7.2.22",
    stub: "vfio-pci",
    nodeNames: "address",
    hotPlug: true,
    separateScopes: true,
    snapshots: true,
  },
  files: {
    ...withoutXen(linux.files),
    "/etc/libvirt/qemu/web.xml": kvmGuest("web", "34138775-b440-45f8-883a-f2520e0acbf2", "q35"),
    "/etc/libvirt/qemu/db.xml": kvmGuest("db", "16c97872-161d-4eb1-9da1-5a0deb27a9aa", "pc"),
  },
  folders: linux.folders.filter((folder) => !folder.startsWith("/etc/xen")),
  sysfs: { "/sys/firmware/acpi/tables/DMAR": "" },
  commands: {
    ...Object.fromEntries(Object.entries(linux.commands).filter(([name]) => !ofXen.includes(name))),
    ...virshCommands,
  },
  systemPrograms: linux.systemPrograms.filter((name) => !ofXen.includes(name)),
  install({ files, profile: { kernel } }) {
    files.plant(initramfsPath(kernel), formatInitramfs(packInitramfs(files, kernel)));
    files.plant(GRUB_CONFIG, makeGrubConfig(files, kernel, ""));
  },
  async boot(machine) {
    const menu = runBootMenu(machine.files);
    const kernel = `BOOT_IMAGE=/boot/vmlinuz-${KERNEL.release}`;
    await bootLinux(machine, `${kernel} ${linuxCommandLine(menu)}`, initramfsIn(menu));
    if (isTrialLost(machine)) return debianKvm.boot(machine);
    machine.libvirt = new Libvirt(debianKvm.libvirt as NonNullable<Profile["libvirt"]>, machine);
  },
};

function withoutXen(files: Profile["files"]): Profile["files"] {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !/^\/etc\/xen\/|^\/boot\/xen/.test(path)));
}
