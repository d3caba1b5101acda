import type { HostFacts } from "../../provider/facts/host-facts";
import { bootReturnOf } from "../../provider/plan/boot-return";
import { textFile, withFiles } from "./host-files";
import { TRIAL_KVM, TRIAL_XEN } from "./trial-host";

const text = (path: string) => TRIAL_XEN.files.byPath.get(path)?.text ?? "";
const edited = (path: string, from: string | RegExp, to: string) =>
  withFiles(TRIAL_XEN, textFile(path, text(path).replaceAll(from, to)));

const GRUB_CONFIG = "/boot/grub/grub.cfg";

/** The host with / on this file system, and this block device below it. */
function rootOn(type: string, device = "vda1"): HostFacts {
  const { storage } = TRIAL_XEN;
  return {
    ...TRIAL_XEN,
    storage: {
      ...storage,
      mounts: storage.mounts.map((mount) => (mount.point === "/" ? { ...mount, type } : mount)),
      uses: storage.uses.map((use) =>
        use.purpose.kind === "mount" && use.purpose.point === "/" ? { ...use, blockDevices: [device, "vda"] } : use,
      ),
    },
  };
}

const boot = (more: Partial<HostFacts["boot"]>): HostFacts => ({ ...TRIAL_XEN, boot: { ...TRIAL_XEN.boot, ...more } });

test.each([
  ["Xen", TRIAL_XEN, "Debian GNU/Linux, with Xen hypervisor"],
  ["KVM", TRIAL_KVM, "Debian GNU/Linux"],
])("Debian's GRUB with %s can go back to the entry that the host runs", (_, facts, title) => {
  expect(bootReturnOf(facts)).toMatchObject({
    kind: "grub",
    entry: { title, images: ["/boot/initrd.img-6.1.0-56-amd64"] },
  });
});

const unable: readonly [string, HostFacts, string][] = [
  ["btrfs", rootOn("btrfs"), "/boot is on btrfs"],
  ["a FAT file system, which has no hard links", rootOn("vfat"), "/boot is on vfat"],
  ["LVM", rootOn("ext4", "dm-0"), "/boot is on dm-0, which GRUB cannot write to"],
  ["RAID", rootOn("ext4", "md0"), "/boot is on md0, which GRUB cannot write to"],
  ["UEFI", boot({ firmware: "uefi" }), "that was never tried with GRUB under UEFI"],
  ["systemd-boot", boot({ loaderInfo: "systemd-boot 252" }), "which one that is, is not known"],
  ["dracut", boot({ programs: ["dracut", "grub-mkconfig"] }), "that was only tried with initramfs-tools"],
  ["SysV", boot({ systemd: false }), "that takes systemd"],
  ["a grub.cfg without 41_custom", edited(GRUB_CONFIG, "source ", "# "), `${GRUB_CONFIG} does not read custom.cfg`],
  [
    "a menu that asks for a password",
    withFiles(TRIAL_XEN, textFile("/boot/grub/custom.cfg", "set superusers=root\n")),
    "its menu has a password",
  ],
  [
    "a custom.cfg whose last line has no end",
    withFiles(TRIAL_XEN, textFile("/boot/grub/custom.cfg", "insmod ext2")),
    "custom.cfg does not end with a newline",
  ],
  [
    "another entry by default",
    edited(GRUB_CONFIG, /^.*set default="[^$].*$/gm, '   set default="Debian GNU/Linux"'),
    "the entry that boots by default is not the one that the host runs",
  ],
  [
    "an entry with other arguments than the kernel has",
    edited(GRUB_CONFIG, / ro /g, " rw "),
    "the entry that boots by default is not the one that the host runs",
  ],
];
test.each(unable)("%s: it cannot, and says why", (_, facts, reason) => {
  expect(bootReturnOf(facts)).toEqual({ kind: "none", reason });
});
