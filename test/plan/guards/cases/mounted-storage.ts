import type { Situation } from "../situation";
import { blockDevice, blockDevices, mounted, mountedElsewhere, onServer, ROOT } from "./storage-server";

const PROC = "Linux 6.1, Documentation/filesystems/proc.rst, 3.5 /proc/<pid>/mountinfo";
const MANGLE = "Linux 6.1, fs/proc_namespace.c, mangle() and seq_escape(): blank, tab, newline and backslash";
const SWAPS = "Linux 6.1, mm/swapfile.c, swap_show()";
const LOOP = "Linux 6.1, drivers/block/loop.c, loop_attr_backing_file_show()";
const OVERLAY = "Linux 6.1, fs/overlayfs/super.c, ovl_show_options()";

const NVME = blockDevices("nvme0n1", "nvme0n1p1", "nvme0n1p2");
const nvmeFor = (point: string) =>
  onServer(`a disk mounted on ${point}`, PROC, [ROOT, NVME, mounted("nvme0n1p1", point)], "04:00.0", [
    "mounted-storage",
    `carries nvme0n1, which the host uses for ${point}. Unmount it first`,
  ]);
const bootsFrom = (point: string) =>
  onServer(`the disk of ${point}`, PROC, [ROOT, NVME, mounted("nvme0n1p1", point)], "04:00.0", [
    "boot-device",
    `carries nvme0n1, which the host uses for ${point}: the host cannot run without it`,
  ]);

export const MOUNTED_STORAGE: readonly Situation[] = [
  onServer("the disk of /", PROC, [ROOT], "00:17.0", ["boot-device", "carries sda, which the host uses for /:"]),
  ...["/boot", "/boot/efi", "/efi", "/usr", "/etc", "/var", "/sysroot", "/nix/store"].map(bootsFrom),
  ...["/home", "/srv", "/var/lib/libvirt/images", "/var/log", "/run/sr-mount/5d1c"].map(nvmeFor),
  onServer("a disk that nobody uses", PROC, [ROOT, NVME], "04:00.0"),
  onServer("sound, on a host with disks", PROC, [ROOT, NVME, mounted("nvme0n1p1", "/srv")], "00:1f.3"),
  onServer("a NIC, on a host with disks", PROC, [ROOT, NVME, mounted("nvme0n1p1", "/srv")], "05:00.0"),
  onServer(
    "several mounts of one disk are one sentence",
    PROC,
    [ROOT, NVME, mounted("nvme0n1p1", "/srv"), mounted("nvme0n1p1", "/home"), mounted("nvme0n1p2", "/data")],
    "04:00.0",
    ["mounted-storage", "which the host uses for /srv, /home and /data. Unmount it first"],
  ),
  onServer(
    "many mounts of one disk are cut short",
    PROC,
    [ROOT, NVME, ...["/a", "/b", "/c", "/d", "/e", "/f"].map((point) => mounted("nvme0n1p1", point))],
    "04:00.0",
    ["mounted-storage", "which the host uses for /a, /b, /c and 3 more. Unmount it first"],
  ),
  onServer(
    "two disks of one controller are two sentences",
    PROC,
    [ROOT, blockDevices("sdc", "sdd"), mounted("sdc", "/c"), mounted("sdd", "/d")],
    "03:00.0",
    ["mounted-storage", "carries sdc, which the host uses for /c."],
    ["mounted-storage", "carries sdd, which the host uses for /d."],
  ),
  onServer(
    "boot and data on one disk",
    PROC,
    [ROOT, NVME, mounted("nvme0n1p1", "/boot"), mounted("nvme0n1p2", "/srv")],
    "04:00.0",
    ["boot-device", "nvme0n1, which the host uses for /boot:"],
    ["mounted-storage", "nvme0n1, which the host uses for /srv."],
  ),
  onServer(
    "a mount point with blanks and a backslash",
    MANGLE,
    [ROOT, NVME, mounted("nvme0n1p1", "/mnt/my\\040disk\\134x")],
    "04:00.0",
    ["mounted-storage", "uses for /mnt/my disk\\x."],
  ),
  onServer("a mount point with a tab", MANGLE, [ROOT, NVME, mounted("nvme0n1p1", "/mnt/a\\011b")], "04:00.0", [
    "mounted-storage",
    "uses for /mnt/a\tb.",
  ]),
  onServer(
    "a mounted USB disk",
    PROC,
    [ROOT, blockDevices("sdu", "sdu1"), mounted("sdu1", "/media/backup")],
    "00:14.0",
    ["mounted-storage", "carries sdu, which the host uses for /media/backup."],
  ),
  onServer("a USB disk that nobody uses", PROC, [ROOT, blockDevices("sdu", "sdu1")], "00:14.0"),
  onServer("the stick that the host boots from", PROC, [blockDevices("sdu", "sdu1"), mounted("sdu1", "/")], "00:14.0", [
    "boot-device",
    "carries sdu, which the host uses for /:",
  ]),
  onServer(
    "the SD card that the host boots from",
    PROC,
    [blockDevices("mmcblk0", "mmcblk0p2"), mounted("mmcblk0p2", "/")],
    "00:1a.0",
    ["boot-device", "carries mmcblk0, which the host uses for /:"],
  ),
  onServer(
    "the VMD controller above the disk of /",
    "Linux 6.1, drivers/pci/controller/vmd.c: a PCI domain of its own from 0x10000 on",
    [blockDevices("nvme1n1", "nvme1n1p2"), mounted("nvme1n1p2", "/")],
    "00:0e.0",
    ["boot-device", "carries nvme1n1, which the host uses for /:"],
  ),
  onServer(
    "the disk of / behind a VMD controller",
    "Linux 6.1, drivers/pci/controller/vmd.c: a PCI domain of its own from 0x10000 on",
    [blockDevices("nvme1n1", "nvme1n1p2"), mounted("nvme1n1p2", "/")],
    "10000:e1:00.0",
    ["boot-device", "carries nvme1n1, which the host uses for /:"],
  ),
  onServer(
    "ntfs-3g, whose mount has no number of a disk",
    "libfuse 3.16, doc/kernel.txt: fuseblk; Linux 6.1, fs/fuse/inode.c, fuse_fs_type",
    [ROOT, NVME, mountedElsewhere("/win", "fuseblk", "/dev/nvme0n1p1")],
    "04:00.0",
    ["mounted-storage", "carries nvme0n1, which the host uses for /win."],
  ),
  onServer("a swap partition", SWAPS, [ROOT, NVME, "swap /dev/nvme0n1p2 partition"], "04:00.0", [
    "boot-device",
    "carries nvme0n1, which the host uses for swap:",
  ]),
  onServer(
    "a swap file on a disk of its own",
    SWAPS,
    [ROOT, NVME, mounted("nvme0n1p1", "/fast\\040disk"), "swap /fast\\040disk/swap\\040file file"],
    "04:00.0",
    ["boot-device", "which the host uses for swap:"],
    ["mounted-storage", "which the host uses for /fast disk."],
  ),
  onServer(
    "swap in memory",
    "Linux 6.1, Documentation/admin-guide/blockdev/zram.rst",
    [ROOT, NVME, blockDevice("zram0"), "swap /dev/zram0 partition"],
    "04:00.0",
  ),
  onServer("the head of /proc/swaps", SWAPS, [ROOT, NVME, "swap Filename Type"], "04:00.0"),
  onServer(
    "a loop device on a file of the disk",
    LOOP,
    [
      ROOT,
      NVME,
      mounted("nvme0n1p1", "/iso"),
      blockDevice("loop3"),
      "/sys/class/block/loop3/loop/backing_file:/iso/debian.iso",
      mounted("loop3", "/mnt", "iso9660"),
    ],
    "04:00.0",
    ["mounted-storage", "carries nvme0n1, which the host uses for /iso and /mnt."],
  ),
  onServer(
    "a root file system in a file of the disk",
    LOOP,
    [
      NVME,
      mounted("nvme0n1p1", "/run/live/medium"),
      blockDevice("loop0"),
      "/sys/class/block/loop0/loop/backing_file:/run/live/medium/live/filesystem.squashfs",
      mounted("loop0", "/", "squashfs"),
    ],
    "04:00.0",
    ["boot-device", "carries nvme0n1, which the host uses for /:"],
    ["mounted-storage", "uses for /run/live/medium."],
  ),
  onServer(
    "an overlay over a disk as root (overlayroot)",
    OVERLAY,
    [
      NVME,
      mounted("nvme0n1p1", "/media/root-ro"),
      mountedElsewhere("/media/root-rw", "tmpfs", "tmpfs-root"),
      mountedElsewhere("/", "overlay", "overlayroot", "lowerdir=/media/root-ro,upperdir=/media/root-rw/overlay"),
    ],
    "04:00.0",
    ["boot-device", "carries nvme0n1, which the host uses for /:"],
    ["mounted-storage", "uses for /media/root-ro."],
  ),
  onServer(
    "OSTree's root with composefs",
    "ostree 2024.5, src/libostree/ostree-sysroot.c; composefs 1.0, libcomposefs/lcfs-mount.c",
    [
      NVME,
      mounted("nvme0n1p1", "/sysroot"),
      mountedElsewhere("/", "overlay", "composefs", "lowerdir=/run/cfs::/sysroot/ostree/repo/objects"),
    ],
    "04:00.0",
    ["boot-device", "carries nvme0n1, which the host uses for /sysroot and /:"],
  ),
  onServer(
    "containers' overlays and Proxmox's /etc/pve take no disk",
    OVERLAY,
    [
      ROOT,
      NVME,
      mountedElsewhere("/var/lib/docker/overlay2/1f/merged", "overlay", "overlay", "lowerdir=/var/lib/docker/l/A"),
      mountedElsewhere("/etc/pve", "fuse", "/dev/fuse"),
      mountedElsewhere("/dev/pts", "devpts", "devpts"),
      mountedElsewhere("/boot/efi", "autofs", "systemd-1"),
      mountedElsewhere("/srv", "nfs4", "10.0.0.5:/srv"),
    ],
    "04:00.0",
  ),
];
