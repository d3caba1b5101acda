import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { type BlockDevice, type BlockDevices, blockDeviceAt, groups, readBlockDevices } from "./block-devices";
import { type Mount, mountAt, readMounts, unescapeField } from "./mounts";

/** The disks of a host and what it uses them for. */
export interface Storage {
  readonly blockDevices: BlockDevices;
  readonly uses: readonly StorageUse[];
}

/** A use that the host makes of disks. */
export interface StorageUse extends StoragePath {
  readonly purpose: StoragePurpose;
}

/** What disks are used for. */
export type StoragePurpose =
  | { readonly kind: "mount"; readonly point: string }
  | { readonly kind: "swap" }
  /** It belongs to a volume group, pool or array, or is mapped, and is not mounted: `the ZFS pool tank`. */
  | { readonly kind: "member"; readonly description: string };

/** The way from something that is stored down to what carries it. */
export interface StoragePath {
  /** The block devices below it, through partitions, LVM, md, crypt and multipath: `["dm-0", "vda2", "vda"]`. */
  readonly blockDevices: readonly string[];
  /** The PCI functions that the block devices are connected to; not the bridges above them. */
  readonly carriedBy: readonly PciAddress[];
  /**
   * Whether a part of it leads to no device that is known: it may then be on any disk, or behind any NIC. `undefined`
   * where all is known.
   */
  readonly untraced: "disk" | "network" | undefined;
}

/**
 * What the host has stored, each traced to the devices that carry it. Prints nothing that changes by itself, such as how
 * full a swap area is.
 */
export const storageFact: Fact<Storage> = {
  name: "storage",
  ask: `
ls -ld /sys/class/block/*
ls -d /sys/class/block/*/slaves/* /sys/fs/btrfs/*/devices/*
grep -H '' /sys/class/block/*/dev /sys/class/block/*/dm/name /sys/class/block/*/dm/uuid /sys/class/block/*/loop/backing_file
# Linux 2.6.18 has neither /sys/class/block nor mountinfo: print what it has in today's form.
[ -d /sys/class/block ] || for block in /sys/block/*; do
  disk=\${block##*/}
  device=$(readlink "$block/device")
  for part in "$block" "$block/$disk"*; do
    [ -e "$part/dev" ] || continue
    name=\${part##*/}
    path=$device/block/$disk
    [ -n "$device" ] || path=../devices/virtual/block/$disk
    [ "$part" = "$block" ] || path=$path/$name
    echo "old /sys/class/block/$name -> $path"
    echo "/sys/class/block/$name/dev:$(cat "$part/dev")"
  done
  ls "$block/slaves" | sed "s#^#/sys/class/block/$disk/slaves/#"
done
[ -e /proc/self/mountinfo ] || while read -r source point type options; do
  case $source in
    /dev/* | rootfs) ;;
    *) continue ;;
  esac
  number=$(stat -c %d "$point")
  echo "mount 0 0 $((number >> 8 & 4095)):$((number & 255 | number >> 12 & 1048320)) / $point rw - $type $source -"
done < /proc/mounts
sed 's/^/mount /' /proc/self/mountinfo
while read -r area type more; do
  echo "swap $area $type"
done < /proc/swaps
# What is on the disks, from udev's database; blkid would have to read the disks.
if [ -d /run/udev/data ]; then
  grep -HE '^(S:|E:ID_FS_(TYPE|LABEL)=)' /run/udev/data/b*
elif command -v blkid > /dev/null; then
  found=$(limited 20 blkid) || [ $? != 124 ] || echo blkid-silent
  printf '%s\\n' "$found" | sed 's/^/blkid /'
fi
# Of the status only pools and their devices: the rest changes with every error and scrub.
if [ -d /sys/module/zfs ] && command -v zpool > /dev/null; then
  limited 20 zpool status -LP | sed -n -e 's/^ *pool: /zpool /p' -e 's#^[[:space:]]*\\(/dev/[^[:space:]]*\\).*#vdev \\1#p'
fi
return 0`,
  parse(answer) {
    const lines = answer.text.split("\n");
    const mounts = readMounts(lines);
    const sources = {
      devices: readBlockDevices(answer.text),
      mounts,
      together: readTogether(lines),
      pools: readPools(lines),
    };
    const isSilent = lines.includes("blkid-silent");
    const mounted = mounts.flatMap((mount): StorageUse[] => {
      const path = pathOfMount(sources, mount);
      return path ? [{ purpose: { kind: "mount", point: mount.point }, ...path }] : [];
    });
    const swaps = lines.flatMap((line): StorageUse[] => {
      const [kind, area = "", type] = line.split(/[ \t]+/);
      if (kind !== "swap" || area === "Filename") return [];
      const path = unescapeField(area);
      const onMount = type === "file" ? mountAt(mounts, path) : undefined;
      const traced = onMount
        ? pathOfMount(sources, onMount)
        : pathOfDevice(sources, blockDeviceAt(sources.devices, path));
      return [{ purpose: { kind: "swap" }, ...(traced ?? UNTRACED) }];
    });
    const uses = [...mounted, ...swaps];
    const inUse = new Set(uses.flatMap(({ blockDevices }) => blockDevices));
    return { blockDevices: sources.devices, uses: [...uses, ...membersOf(sources, inUse, isSilent)] };
  },
};

/** The way from a path in /dev down to what carries it; undefined when the host has no such block device. */
export function storageAt(storage: Storage, path: string): StoragePath | undefined {
  const device = blockDeviceAt(storage.blockDevices, path);
  const sources = { devices: storage.blockDevices, mounts: [], together: [], pools: new Map() };
  return device ? pathOfDevice(sources, device) : undefined;
}

interface Sources {
  readonly devices: BlockDevices;
  readonly mounts: readonly Mount[];
  /** The devices of each btrfs, of which mountinfo names only one. */
  readonly together: readonly (readonly string[])[];
  /** The devices of each ZFS pool. */
  readonly pools: ReadonlyMap<string, readonly string[]>;
}

const UNTRACED: StoragePath = { blockDevices: [], carriedBy: [], untraced: "disk" };
const NETWORK: StoragePath = { blockDevices: [], carriedBy: [], untraced: "network" };

const IN_MEMORY_ONLY: StoragePath = { blockDevices: [], carriedBy: [], untraced: undefined };
const IN_MEMORY = ["tmpfs", "ramfs", "rootfs", "devtmpfs", "hugetlbfs"];
const OVER_NETWORK = /^(nfs4?|cifs|smb3|smbfs|ceph|afs|ocfs2_dlmfs|fuse\.(glusterfs|sshfs|ceph|s3fs))$/;

/** Undefined for what is stored on no device: memory, the kernel's own files, and what daemons show. */
function pathOfMount(sources: Sources, mount: Mount): StoragePath | undefined {
  const { devices } = sources;
  const { number, point, type, source } = mount;
  // What it lies on is another mount.
  const others = { ...sources, mounts: sources.mounts.filter((other) => other !== mount) };
  const numbered = [...devices.values()].find((device) => device.number === number);
  if (numbered) return pathOfDevice(others, numbered);
  if (IN_MEMORY.includes(type) || type === "autofs") return undefined;
  if (OVER_NETWORK.test(type)) return NETWORK;
  if (type === "zfs") return pathOfPool(sources, source.split("/")[0] ?? "");
  const named = source.split(":").map((part) => blockDeviceAt(devices, part));
  if (named.every((device) => device !== undefined)) return joined(named.map((device) => pathOfDevice(others, device)));
  if (type === "overlay" && point === "/") return pathOfOverlay(others, mount);
  const onDisk = point === "/" || !number.startsWith("0:") || /^\/dev\/(?!fuse$)/.test(source);
  return onDisk || ["btrfs", "bcachefs"].includes(type) ? UNTRACED : undefined;
}

/** The folders that an overlay lies over are on other mounts; at least one must be a disk that is known. */
function pathOfOverlay(sources: Sources, { options }: Mount): StoragePath {
  const below = [...options.matchAll(/(?:^|,)(?:lowerdir\+?|datadir\+|upperdir)=([^,]*)/g)]
    .flatMap(([, folders = ""]) => folders.split(":"))
    .flatMap(
      (folder) =>
        mountAt(
          sources.mounts.filter(({ point }) => point !== "/"),
          folder,
        ) ?? [],
    )
    .flatMap((mount) => pathOfMount(sources, mount) ?? []);
  return below.length > 0 ? joined(below) : UNTRACED;
}

function pathOfPool(sources: Sources, pool: string): StoragePath {
  const { devices, pools } = sources;
  const members = [...devices.values()].filter(
    ({ name, signature, label }) => signature === "zfs_member" && label === pool && !name.startsWith("zd"),
  );
  const vdevs = (pools.get(pool) ?? []).map((path) => blockDeviceAt(devices, path));
  const all = [...members, ...vdevs];
  return all.length === 0 ? UNTRACED : joined(all.map((device) => pathOfDevice(sources, device)));
}

function pathOfDevice(sources: Sources, top: BlockDevice | undefined): StoragePath {
  if (top === undefined) return UNTRACED;
  const { devices, together, mounts } = sources;
  const seen = new Map<string, BlockDevice>();
  const beside: StoragePath[] = [];
  const visit = (name: string) => {
    const device = devices.get(name);
    if (!device || seen.has(name)) return;
    seen.set(name, device);
    for (const lower of device.lower) visit(lower);
    if (device.lower.length > 0 || !device.path.startsWith("virtual/")) {
      if (/\/session\d+\//.test(device.path) && device.carriedBy === undefined) beside.push(NETWORK);
      return;
    }
    const pool = /^zvol\/([^/]+)\//.exec(device.links.find((link) => link.startsWith("zvol/")) ?? "")?.[1];
    const onMount = device.backingFile === undefined ? undefined : mountAt(mounts, device.backingFile);
    if (pool !== undefined) beside.push(pathOfPool(sources, pool));
    else if (onMount) beside.push(pathOfMount(sources, onMount) ?? IN_MEMORY_ONLY);
    else if (/^(nbd|rbd|etherd!)|\/nvme-fabrics\//.test(name + device.path)) beside.push(NETWORK);
    else if (!/^(zram|ram)\d/.test(name)) beside.push(UNTRACED);
  };
  for (const name of [top.name, ...(together.find((names) => names.includes(top.name)) ?? [])]) visit(name);
  const own = { blockDevices: [...seen.keys()], carriedBy: carriersOf([...seen.values()]), untraced: undefined };
  return joined([own, ...beside]);
}

function carriersOf(devices: readonly BlockDevice[]): readonly PciAddress[] {
  return [...new Set(devices.flatMap(({ carriedBy }) => carriedBy ?? []))];
}

function joined(paths: readonly StoragePath[]): StoragePath {
  return {
    blockDevices: [...new Set(paths.flatMap(({ blockDevices }) => blockDevices))],
    carriedBy: [...new Set(paths.flatMap(({ carriedBy }) => carriedBy))],
    untraced: paths.map(({ untraced }) => untraced).find((untraced) => untraced !== undefined),
  };
}

/**
 * What disks are part of although nothing of it is mounted: mappings and arrays that the kernel runs, and signatures of
 * what spreads over disks. A file system that nothing uses is nobody's.
 */
function membersOf(sources: Sources, inUse: ReadonlySet<string>, isSilent: boolean): readonly StorageUse[] {
  const all = [...sources.devices.values()];
  const made = all.filter(isMade);
  const below = new Set(made.flatMap(({ lower }) => lower));
  return all.flatMap((device): StorageUse[] => {
    if (inUse.has(device.name) || below.has(device.name)) return [];
    const description = made.includes(device) ? describeMade(device) : describeMember(device, isSilent);
    return description === undefined
      ? []
      : [{ purpose: { kind: "member", description }, ...pathOfDevice(sources, device) }];
  });
}

/** Whether the kernel makes the device of others, as RAID and mappings are, and it is no partition of such a one. */
function isMade({ name, path, lower }: BlockDevice): boolean {
  return path === `virtual/block/${name}` && lower.length > 0;
}

function describeMade({ name, mapping }: BlockDevice): string {
  if (!mapping) return name.startsWith("md") ? `the RAID array ${name}` : `the block device ${name}`;
  if (mapping.uuid.startsWith("LVM-")) return `the logical volume ${mapping.name}`;
  if (mapping.uuid.startsWith("CRYPT-")) return `the encrypted device ${mapping.name}`;
  if (mapping.uuid.startsWith("mpath-")) return `the multipath device ${mapping.name}`;
  return `the mapping ${mapping.name}`;
}

/** Signatures as libblkid names them (util-linux, libblkid/src/superblocks, 2.39); `lvm2pv` and `mdraid` are older. */
const MEMBERS: readonly (readonly [RegExp, string])[] = [
  [/^(LVM[12]_member|lvm2pv)$/, "LVM, as a physical volume"],
  [/(_raid_member|^mdraid)$/, "a RAID array"],
  [/^mpath_member$/, "a multipath device"],
  [/^bcache$/, "bcache"],
  [/^drbd/, "DRBD"],
  [/^ceph_bluestore$/, "a Ceph OSD"],
  [/^stratis$/, "a Stratis pool"],
  [/^oracleasm$/, "Oracle ASM"],
];

function describeMember({ signature, label, carriedBy }: BlockDevice, isSilent: boolean): string | undefined {
  if (isSilent) return carriedBy && "what blkid did not tell in time";
  if (signature === "zfs_member") return label === undefined ? "a ZFS pool" : `the ZFS pool ${label}`;
  return MEMBERS.find(([pattern]) => pattern.test(signature ?? ""))?.[1];
}

function readTogether(lines: readonly string[]): readonly (readonly string[])[] {
  return [...groups(lines, /^(\/sys\/fs\/btrfs\/[^/]+)\/devices\/([^/]+)$/).values()];
}

function readPools(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const status = lines.filter((line) => /^(zpool|vdev) /.test(line)).join("\n");
  return new Map(
    status.split(/^zpool /m).map((pool) => {
      const [name = "", ...vdevs] = pool.split("\n");
      return [name, vdevs.map((line) => line.slice("vdev ".length))] as const;
    }),
  );
}
