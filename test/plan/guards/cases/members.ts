import type { Situation } from "../situation";
import {
  above,
  blockDevice,
  blockDevices,
  mapping,
  mounted,
  mountedElsewhere,
  onServer,
  ROOT,
  udev,
} from "./storage-server";

const BLKID = "util-linux 2.39, libblkid/src/superblocks; systemd 252, rules.d/60-persistent-storage.rules";
const BTRFS = "Linux 6.1, fs/btrfs/sysfs.c: devices/ of each file system";
const BCACHEFS = "Linux 6.9, fs/bcachefs/fs.c, bch2_show_devname()";
const ZFS = "openzfs 2.2, cmd/zpool/zpool_main.c, status -LP; man/man8/zpool-status.8";
const DM = "Linux 6.1, drivers/md/dm-sysfs.c; LVM2 2.03, libdm/libdm-string.c, dm_build_dm_name(): hyphens are doubled";
const MD = "Linux 6.1, drivers/md/md.c, bind_rdev_to_array(): members are slaves before the array runs";

const NVME = blockDevices("nvme0n1", "nvme0n1p1");

const member = (type: string, said: string): Situation =>
  onServer(`a disk with the signature ${type}`, BLKID, [ROOT, NVME, udev("nvme0n1p1", type)], "04:00.0", [
    "mounted-storage",
    `carries nvme0n1, which the host uses for ${said}. Take the disk out of it first`,
  ]);
const unused = (type: string): Situation =>
  onServer(`a disk with ${type} that nothing uses`, BLKID, [ROOT, NVME, udev("nvme0n1p1", type)], "04:00.0");

const RPOOL = [
  blockDevices("sda", "sda3", "sdc", "sdc3"),
  mountedElsewhere("/", "zfs", "rpool/ROOT/pve-1"),
  mountedElsewhere("/rpool/data", "zfs", "rpool/data"),
].join("\n");
const ROOT_OF_POOL = ["boot-device", "which the host uses for /: the host cannot run without it"] as const;
const DATA_OF_POOL = ["mounted-storage", "which the host uses for /rpool/data."] as const;
const BY_LABEL = [RPOOL, udev("sda3", "zfs_member", "rpool"), udev("sdc3", "zfs_member", "rpool")];
const BY_STATUS = [RPOOL, "zpool rpool", "vdev /dev/sda3", "vdev /dev/sdc3"];
const GROUP = [
  NVME,
  udev("nvme0n1p1", "LVM2_member"),
  mapping("dm-3", "vg0-web", "LVM-abc"),
  above("dm-3", "nvme0n1p1"),
];

export const MEMBERS: readonly Situation[] = [
  member("LVM2_member", "LVM, as a physical volume"),
  member("LVM1_member", "LVM, as a physical volume"),
  member("linux_raid_member", "a RAID array"),
  member("isw_raid_member", "a RAID array"),
  member("ddf_raid_member", "a RAID array"),
  member("zfs_member", "a ZFS pool"),
  member("mpath_member", "a multipath device"),
  member("bcache", "bcache"),
  member("drbd", "DRBD"),
  member("ceph_bluestore", "a Ceph OSD"),
  member("stratis", "a Stratis pool"),
  member("oracleasm", "Oracle ASM"),
  ...["ext4", "xfs", "ntfs", "vfat", "btrfs", "crypto_LUKS", "swap"].map(unused),
  onServer("an exported pool is named", BLKID, [ROOT, NVME, udev("nvme0n1p1", "zfs_member", "tank")], "04:00.0", [
    "mounted-storage",
    "which the host uses for the ZFS pool tank.",
  ]),
  onServer(
    "a host without udev, by blkid",
    "util-linux 2.39, misc-utils/blkid.c, full output",
    [ROOT, NVME, 'blkid /dev/nvme0n1p1: UUID="h2Xm4e" TYPE="LVM2_member" PARTUUID="5c1e-01"'],
    "04:00.0",
    ["mounted-storage", "LVM, as a physical volume"],
  ),
  onServer(
    "a blkid that hangs",
    "util-linux 2.39, misc-utils/blkid.c reads every disk",
    [ROOT, NVME, "blkid-silent"],
    "04:00.0",
    ["mounted-storage", "carries nvme0n1, which the host uses for what blkid did not tell in time."],
  ),
  onServer(
    "blkid of RHEL 5",
    "e2fsprogs 1.39, lib/blkid/probe.c: lvm2pv, mdraid",
    [ROOT, NVME, 'blkid /dev/nvme0n1p1: TYPE="mdraid"'],
    "04:00.0",
    ["mounted-storage", "a RAID array"],
  ),
  onServer("a ZFS root, by the labels of its disks", ZFS, BY_LABEL, "03:00.0", ROOT_OF_POOL, DATA_OF_POOL),
  onServer("a ZFS root, the other half of the mirror", ZFS, BY_LABEL, "00:17.0", ROOT_OF_POOL, DATA_OF_POOL),
  onServer("a ZFS root, by zpool status", ZFS, BY_STATUS, "03:00.0", ROOT_OF_POOL, DATA_OF_POOL),
  onServer("a disk beside the pool of the root", ZFS, [...BY_LABEL, NVME], "04:00.0"),
  onServer(
    "swap on a volume of a pool",
    "openzfs 2.2, udev/rules.d/60-zvol.rules.in: zvol/<pool>/<volume>",
    [
      ROOT,
      NVME,
      udev("nvme0n1p1", "zfs_member", "tank"),
      blockDevice("zd0"),
      udev("zd0", "swap", "", "zvol/tank/swap"),
      "swap /dev/zd0 partition",
    ],
    "04:00.0",
    ["boot-device", "carries nvme0n1, which the host uses for swap:"],
  ),
  onServer(
    "swap on a volume of which no pool is known",
    "openzfs 2.2, module/os/linux/zfs/zvol_os.c",
    [ROOT, NVME, blockDevice("zd0"), "swap /dev/zd0 partition"],
    "04:00.0",
    ["boot-device", "may carry swap of the host"],
  ),
  onServer(
    "the second disk of a btrfs",
    BTRFS,
    [
      ROOT,
      NVME,
      blockDevice("sdc"),
      "/sys/fs/btrfs/9d1d3c8c-2a8e-4b0e-8b61-0a2b3c4d5e6f/devices/sdc",
      "/sys/fs/btrfs/9d1d3c8c-2a8e-4b0e-8b61-0a2b3c4d5e6f/devices/nvme0n1p1",
      mountedElsewhere("/srv", "btrfs", "/dev/sdc"),
    ],
    "04:00.0",
    ["mounted-storage", "carries nvme0n1, which the host uses for /srv."],
  ),
  ...["/dev/sdc:/dev/nvme0n1p1", "sdc:nvme0n1p1"].map((source) =>
    onServer(
      `the second disk of a bcachefs that is mounted as ${source}`,
      BCACHEFS,
      [ROOT, NVME, blockDevice("sdc"), mountedElsewhere("/srv", "bcachefs", source)],
      "04:00.0",
      ["mounted-storage", "carries nvme0n1, which the host uses for /srv."],
    ),
  ),
  onServer("an active volume that is not mounted", DM, [ROOT, ...GROUP], "04:00.0", [
    "mounted-storage",
    "carries nvme0n1, which the host uses for the logical volume vg0-web.",
  ]),
  onServer(
    "a thin pool",
    DM,
    [
      ROOT,
      NVME,
      mapping("dm-1", "vg0-pool_tdata", "LVM-a"),
      mapping("dm-2", "vg0-pool-tpool", "LVM-b"),
      mapping("dm-4", "vg0-thin1", "LVM-c"),
      above("dm-1", "nvme0n1p1"),
      above("dm-2", "dm-1"),
      above("dm-4", "dm-2"),
    ],
    "04:00.0",
    ["mounted-storage", "which the host uses for the logical volume vg0-thin1."],
  ),
  onServer(
    "XenServer's LVM storage repository, its volumes inactive",
    "xapi-project/sm 3.2, drivers/lvutil.py and vhdutil.py: VG_XenStorage-<uuid>",
    [ROOT, blockDevices("sdb", "sdb1"), udev("sdb1", "LVM2_member")],
    "00:17.0",
    ["boot-device", "carries sda"],
    ["mounted-storage", "carries sdb, which the host uses for LVM, as a physical volume."],
  ),
  onServer(
    "an open encrypted disk",
    "cryptsetup 2.6, lib/libdevmapper.c: uuids CRYPT-LUKS2-…",
    [ROOT, NVME, mapping("dm-7", "vault", "CRYPT-LUKS2-0f-vault"), above("dm-7", "nvme0n1p1")],
    "04:00.0",
    ["mounted-storage", "uses for the encrypted device vault."],
  ),
  onServer(
    "a multipath device",
    "multipath-tools 0.9, libmultipath/devmapper.c: uuids mpath-…",
    [
      ROOT,
      blockDevices("sdc", "sdd"),
      mapping("dm-8", "mpatha", "mpath-3600"),
      above("dm-8", "sdc"),
      above("dm-8", "sdd"),
    ],
    "03:00.0",
    ["mounted-storage", "uses for the multipath device mpatha."],
  ),
  onServer(
    "an array that runs and is not mounted",
    MD,
    [ROOT, NVME, blockDevice("md127"), above("md127", "nvme0n1p1")],
    "04:00.0",
    ["mounted-storage", "uses for the RAID array md127."],
  ),
  onServer(
    "an array with partitions that are not mounted",
    MD,
    [ROOT, NVME, blockDevice("md127"), blockDevice("md127p1", "virtual/block/md127"), above("md127", "nvme0n1p1")],
    "04:00.0",
    ["mounted-storage", "uses for the RAID array md127."],
  ),
  onServer(
    "bcache that is attached",
    "Linux 6.1, drivers/md/bcache/super.c, bd_link_disk_holder()",
    [ROOT, NVME, blockDevice("bcache0"), above("bcache0", "nvme0n1p1")],
    "04:00.0",
    ["mounted-storage", "uses for the block device bcache0."],
  ),
  onServer(
    "a volume of the root's group that is mounted takes nothing but the mount",
    DM,
    [...GROUP, mountedElsewhere("/", "ext4", "/dev/mapper/vg0-web")],
    "04:00.0",
    ["boot-device", "carries nvme0n1, which the host uses for /:"],
  ),
  onServer(
    "a mount by the name of a volume in its group",
    DM,
    [
      ROOT,
      NVME,
      mapping("dm-3", "my--vg-my--lv", "LVM-abc"),
      above("dm-3", "nvme0n1p1"),
      mountedElsewhere("/srv", "btrfs", "/dev/my-vg/my-lv"),
    ],
    "04:00.0",
    ["mounted-storage", "uses for /srv."],
  ),
  onServer(
    "a mount by a link that udev made",
    BLKID,
    [
      ROOT,
      NVME,
      udev("nvme0n1p1", "btrfs", "", "disk/by-uuid/9d1d3c8c"),
      mountedElsewhere("/srv", "btrfs", "/dev/disk/by-uuid/9d1d3c8c"),
    ],
    "04:00.0",
    ["mounted-storage", "uses for /srv."],
  ),
  onServer("the disk of another group", DM, [ROOT, ...GROUP, mounted("dm-3", "/srv"), blockDevice("sdc")], "03:00.0"),
];
