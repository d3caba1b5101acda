import type { HostFacts } from "../../provider/facts/host-facts";
import { bootReturnOf } from "../../provider/plan/boot-return";
import { neither } from "../../provider/plan/effect";
import { putOnTrial } from "../../provider/plan/hide/boot-trial";
import { part } from "../../provider/plan/part";
import { textFile, withBootFiles, withFiles } from "./host-files";
import { TRIAL_BOOT } from "./recorded-host";
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

/** A host without Xen that these files boot, and nothing else; by the loader that tells the firmware this of itself. */
function bootedBy(files: Readonly<Record<string, string>>, more: Partial<HostFacts["boot"]> = {}): HostFacts {
  const texts = Object.entries(files).map(([path, text]) => textFile(path, text));
  const machine = { ...TRIAL_KVM.machine, kernelCommandLine: "root=LABEL=root ro" };
  return withBootFiles({ ...TRIAL_KVM, machine, boot: { ...TRIAL_KVM.boot, ...more } }, ...texts);
}

const ENTRY = "title Debian\nlinux /vmlinuz\noptions root=LABEL=root ro\n";
const UEFI = { firmware: "uefi", loaderInfo: "systemd-boot 252" } as const;

const unable: readonly [string, HostFacts, string][] = [
  ["btrfs", rootOn("btrfs"), "/boot is on btrfs"],
  ["a FAT file system, which has no hard links", rootOn("vfat"), "/boot is on vfat"],
  ["LVM", rootOn("ext4", "dm-0"), "/boot is on dm-0, which GRUB cannot write to"],
  ["RAID", rootOn("ext4", "md0"), "/boot is on md0, which GRUB cannot write to"],
  ["UEFI", boot({ firmware: "uefi" }), "never tried with GRUB under UEFI"],
  ["systemd-boot", boot({ loaderInfo: "systemd-boot 252" }), "it is not known which one it is"],
  [
    "systemd-boot with its entry",
    bootedBy({ "/boot/efi/loader/entries/debian.conf": ENTRY }, { ...UEFI, loaderEntry: "debian.conf" }),
    "it is systemd-boot",
  ],
  [
    "Proxmox",
    bootedBy(
      { "/etc/kernel/proxmox-boot-uuids": "A1B2-C3D4\n", "/etc/kernel/cmdline": "root=LABEL=root ro\n" },
      { ...UEFI, loaderEntry: "proxmox-6.2.16-3-pve.conf" },
    ),
    "it is proxmox-boot-tool",
  ],
  [
    "entries of Fedora and RHEL",
    bootedBy({ "/boot/grub2/grub.cfg": "# /etc/grub.d/10_linux\nblscfg\n", "/boot/loader/entries/a.conf": ENTRY }),
    "it boots entries of the Boot Loader Specification",
  ],
  ["SUSE", bootedBy({ "/boot/grub2/grub.cfg": "# /etc/grub.d/10_linux\n" }), "there is no /boot/grub/grub.cfg"],
  ["GRUB 0.9x", bootedBy({ "/boot/grub/menu.lst": "title Debian\n" }), "it is GRUB 0.9x"],
  [
    "XenServer",
    { ...TRIAL_XEN, machine: { ...TRIAL_XEN.machine, isXenServer: true } },
    "xen-cmdline writes its grub.cfg",
  ],
  ["dracut", boot({ programs: ["dracut", "grub-mkconfig"] }), "only tried with initramfs-tools"],
  ["SysV", boot({ systemd: false }), "it needs systemd"],
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
test.each(unable)("%s: it cannot, and preview says why", (_, facts, reason) => {
  expect(bootReturnOf(facts)).toEqual({ kind: "none", reason });
  const draft = part({ effects: [neither("changed")] });
  expect(putOnTrial(facts, draft, TRIAL_BOOT, { kind: "old-entry" })).toEqual({
    ...draft,
    effects: [
      neither("changed"),
      neither(`have a console at hand: this host's boot loader cannot go back by itself (${reason})`),
    ],
  });
});
