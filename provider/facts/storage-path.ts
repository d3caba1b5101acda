import type { PciAddress } from "../pci/address";
import { type BlockDevice, type BlockDevices, blockDeviceAt } from "./block-devices";
import { type Mount, mountAt } from "./mounts";

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

/** What tells where something is stored. */
export interface StorageSources {
  readonly devices: BlockDevices;
  readonly mounts: readonly Mount[];
  /** The devices of each btrfs, of which mountinfo names only one. */
  readonly together: readonly (readonly string[])[];
  /** The devices of each ZFS pool. */
  readonly pools: ReadonlyMap<string, readonly string[]>;
}

/** On a disk that was not found. */
export const UNTRACED: StoragePath = { blockDevices: [], carriedBy: [], untraced: "disk" };
const NETWORK: StoragePath = { blockDevices: [], carriedBy: [], untraced: "network" };

const IN_MEMORY_ONLY: StoragePath = { blockDevices: [], carriedBy: [], untraced: undefined };
const IN_MEMORY = ["tmpfs", "ramfs", "rootfs", "devtmpfs", "hugetlbfs"];
const OVER_NETWORK = /^(nfs4?|cifs|smb3|smbfs|ceph|afs|ocfs2_dlmfs|fuse\.(glusterfs|sshfs|ceph|s3fs))$/;

/** Undefined for what is stored on no device: memory, the kernel's own files, and what daemons show. */
export function pathOfMount(sources: StorageSources, mount: Mount): StoragePath | undefined {
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
function pathOfOverlay(sources: StorageSources, { options }: Mount): StoragePath {
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

function pathOfPool(sources: StorageSources, pool: string): StoragePath {
  const { devices, pools } = sources;
  const members = [...devices.values()].filter(
    ({ name, signature, label }) => signature === "zfs_member" && label === pool && !name.startsWith("zd"),
  );
  const vdevs = (pools.get(pool) ?? []).map((path) => blockDeviceAt(devices, path));
  const all = [...members, ...vdevs];
  return all.length === 0 ? UNTRACED : joined(all.map((device) => pathOfDevice(sources, device)));
}

/** The way from a block device down. */
export function pathOfDevice(sources: StorageSources, top: BlockDevice | undefined): StoragePath {
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
