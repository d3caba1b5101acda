import { storageFact } from "../../provider/facts/storage";

const link = (path: string, target: string) => `${path} -> /sys/devices/${target}`;
const block = (name: string, under: string) => link(`/sys/class/block/${name}`, `${under}/${name}`);
const NVME = "pci0000:00/0000:00:1d.0/0000:03:00.0/nvme/nvme0";

/** [how the root file system lies on the disk, what the host answers, block devices, PCI functions] */
const cases: readonly [string, string[], string[], string[]][] = [
  [
    "a partition of an NVMe disk behind a root port",
    [
      block("nvme0n1", NVME),
      block("nvme0n1p2", `${NVME}/nvme0n1`),
      "/sys/class/block/nvme0n1p2/dev:259:2",
      "mount 22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw",
    ],
    ["nvme0n1p2", "nvme0n1"],
    ["0000:03:00.0"],
  ],
  [
    "LVM on a software RAID of two disks",
    [
      block("sda", "pci0000:00/0000:00:1f.2/ata1/host0/block"),
      block("sdb", "pci0000:00/0000:00:17.0/ata2/host1/block"),
      block("md0", "virtual/block"),
      block("dm-0", "virtual/block"),
      "/sys/class/block/dm-0/slaves/md0",
      "/sys/class/block/md0/slaves/sda",
      "/sys/class/block/md0/slaves/sdb",
      "/sys/class/block/dm-0/dm/name:vg-root",
      "mount 22 1 0:31 / / rw - btrfs /dev/mapper/vg-root rw",
    ],
    ["dm-0", "md0", "sda", "sdb"],
    ["0000:00:1f.2", "0000:00:17.0"],
  ],
  [
    "swap on a multipath device",
    [
      block("sdc", "pci0000:00/0000:00:02.0/0000:05:00.1/host3/block"),
      block("dm-1", "virtual/block"),
      "/sys/class/block/dm-1/slaves/sdc",
      "swap /dev/dm-1 partition 1 0 -2",
    ],
    ["dm-1", "sdc"],
    ["0000:05:00.1"],
  ],
  [
    "an NVMe disk with native multipath, as the lab host has one",
    [
      block("nvme0c0n1", "pci0000:00/0000:00:07.0/0000:03:00.0/nvme/nvme0"),
      block("nvme0c1n1", "pci0000:00/0000:00:08.0/0000:04:00.0/nvme/nvme1"),
      block("nvme0c0n2", "pci0000:00/0000:00:09.0/0000:05:00.0/nvme/nvme0"),
      block("nvme0n1", "virtual/nvme-subsystem/nvme-subsys0"),
      block("nvme0n1p1", "virtual/nvme-subsystem/nvme-subsys0/nvme0n1"),
      "/sys/class/block/nvme0n1p1/dev:259:2",
      "mount 22 1 259:2 / / rw - ext4 /dev/nvme0n1p1 rw",
    ],
    ["nvme0n1p1", "nvme0n1", "nvme0c0n1", "nvme0c1n1"],
    ["0000:03:00.0", "0000:04:00.0"],
  ],
  [
    "a btrfs of two encrypted disks",
    [
      block("sda", "pci0000:00/0000:00:1f.2/ata1/host0/block"),
      block("sdb", "pci0000:00/0000:00:17.0/ata2/host1/block"),
      block("dm-0", "virtual/block"),
      block("dm-1", "virtual/block"),
      "/sys/class/block/dm-0/slaves/sda",
      "/sys/class/block/dm-1/slaves/sdb",
      "/sys/class/block/dm-0/dm/name:crypt-a",
      "/sys/fs/btrfs/9d1d3c8c-2a8e-4b0e-8b61-0a2b3c4d5e6f/devices/dm-0",
      "/sys/fs/btrfs/9d1d3c8c-2a8e-4b0e-8b61-0a2b3c4d5e6f/devices/dm-1",
      "mount 22 1 0:31 /@ / rw - btrfs /dev/mapper/crypt-a rw,subvol=/@",
    ],
    ["dm-0", "sda", "dm-1", "sdb"],
    ["0000:00:1f.2", "0000:00:17.0"],
  ],
];
test.each(cases)("%s is traced to what carries it", (_, lines, blockDevices, carriedBy) => {
  const [use] = storageFact.parse({ text: lines.join("\n"), exitCode: 0 }).uses;
  expect(use).toMatchObject({ blockDevices, carriedBy });
});
