import type { PciAddress } from "../pci/address";
import { addressesOnPath, lastSegment, readLinks, readValues } from "./sysfs";

/** The block devices of a host, by kernel name: `sda`, `sda1`, `dm-0`, `md127`, `zd16`. */
export type BlockDevices = ReadonlyMap<string, BlockDevice>;

/** A disk, a partition, or a device that the kernel makes of others. */
export interface BlockDevice {
  readonly name: string;
  /** Where it is in /sys/devices: `pci0000:00/0000:00:17.0/ata1/…/block/sda/sda1`, `virtual/block/dm-0`. */
  readonly path: string;
  /** Major and minor: `8:1`. */
  readonly number: string | undefined;
  /** In bytes; undefined where the host does not say. */
  readonly size: number | undefined;
  /** The devices that it is made of: the disk of a partition, the members of a RAID, the volumes of a mapping. */
  readonly lower: readonly string[];
  /** The PCI function that the device itself is connected to; not the bridges above. */
  readonly carriedBy: PciAddress | undefined;
  /** Its other names in /dev: `mapper/vg-root`, `disk/by-uuid/…`, `zvol/rpool/swap`. */
  readonly links: readonly string[];
  /** What udev or blkid found on it: `ext4`, `LVM2_member`, `zfs_member`. */
  readonly signature: string | undefined;
  readonly label: string | undefined;
  /** The name and uuid of a device of the device mapper. */
  readonly mapping: { readonly name: string; readonly uuid: string } | undefined;
  /** The file that a loop device is made of. */
  readonly backingFile: string | undefined;
}

/** sysfs counts in sectors of 512 bytes, whatever those of the disk are (linux, Documentation/ABI/stable/sysfs-block, 6.1). */
function sizeOf(sectors: string | undefined): number | undefined {
  return sectors !== undefined && /^\d+$/.test(sectors) ? Number(sectors) * 512 : undefined;
}

/** Reads links, numbers, slaves and mappings in sysfs, and what udev or blkid says, as `storageFact` asks for them. */
export function readBlockDevices(text: string): BlockDevices {
  const values = readValues(text);
  const lines = text.split("\n");
  const paths = new Map<string, string>();
  for (const [path, target] of readLinks(text)) {
    if (/^\/sys\/class\/block\/[^/]+$/.test(path)) paths.set(lastSegment(path), target.replace("/sys/devices/", ""));
  }
  const lower = groups(lines, /^\/sys\/class\/block\/([^/]+)\/slaves\/([^/]+)$/);
  const said = readSignatures(lines);
  const devices = new Map<string, BlockDevice>();
  for (const [name, path] of paths) {
    const value = (file: string) => values.get(`/sys/class/block/${name}/${file}`);
    const number = value("dev");
    const about = [...(said.get(number ?? "") ?? []), ...(said.get(`/dev/${name}`) ?? [])];
    const found = (key: string) => about.find((property) => property.startsWith(key))?.slice(key.length);
    const mapping = value("dm/name");
    devices.set(name, {
      name,
      path,
      number,
      size: sizeOf(value("size")),
      lower: [...(lower.get(name) ?? []), ...diskOf(name, paths), ...multipathOf(name, paths)],
      carriedBy: addressesOnPath(path).at(-1),
      links: about.flatMap((property) => (property.startsWith("S:") ? [property.slice(2)] : [])),
      signature: found("E:ID_FS_TYPE="),
      label: found("E:ID_FS_LABEL="),
      mapping: mapping === undefined ? undefined : { name: mapping, uuid: value("dm/uuid") ?? "" },
      backingFile: value("loop/backing_file"),
    });
  }
  return devices;
}

/** The block device of a path in /dev, or of a bare kernel name; undefined when there is none. */
export function blockDeviceAt(devices: BlockDevices, path: string): BlockDevice | undefined {
  const inDev = path.replace(/^\/dev\//, "");
  // LVM: /dev/<volume group>/<volume> is the mapping <volume group>-<volume>, with each "-" of a name doubled.
  const [group, volume, ...more] = inDev.split("/");
  const ofLvm = volume === undefined || more.length > 0 ? undefined : `${double(group)}-${double(volume)}`;
  const all = [...devices.values()];
  return (
    // In sysfs a "/" of a name is "!": cciss!c0d0p1.
    devices.get(inDev.replaceAll("/", "!")) ??
    all.find(({ links }) => links.includes(inDev)) ??
    all.find(({ mapping }) => mapping !== undefined && [`mapper/${mapping.name}`, `mapper/${ofLvm}`].includes(inDev)) ??
    all.find(({ mapping }) => mapping !== undefined && mapping.name === ofLvm)
  );
}

/** What is printed about each number (`8:1`) or node (`/dev/sda1`), as in udev's database. */
function readSignatures(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const said = groups(lines, /^\/run\/udev\/data\/b(\d+:\d+):(.*)$/);
  for (const line of lines) {
    const [, node = "", properties = ""] = /^blkid (\/dev\/[^:]+): (.*)$/.exec(line) ?? [];
    const property = (name: string) => new RegExp(`(?:^| )${name}="([^"]*)"`).exec(properties)?.[1] ?? "";
    if (node !== "") said.set(node, [`E:ID_FS_TYPE=${property("TYPE")}`, `E:ID_FS_LABEL=${property("LABEL")}`]);
  }
  return said;
}

/** The first and second group of the lines that match: first -> every second. */
export function groups(lines: readonly string[], pattern: RegExp): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const [, key, value] = pattern.exec(line) ?? [];
    if (key !== undefined && value !== undefined) found.set(key, [...(found.get(key) ?? []), value]);
  }
  return found;
}

/** A partition is a folder inside its disk: …/block/vda/vda1. */
function diskOf(name: string, paths: ReadonlyMap<string, string>): readonly string[] {
  const disk = paths.get(name)?.split("/").at(-2);
  return disk !== undefined && paths.has(disk) ? [disk] : [];
}

/**
 * A multipath NVMe disk nvme0n1 is a virtual device; its paths are nvme0c*n1 (linux, drivers/nvme/host/multipath.c,
 * 6.1).
 */
function multipathOf(name: string, paths: ReadonlyMap<string, string>): readonly string[] {
  if (!/^nvme\d+n\d+$/.test(name)) return [];
  return [...paths.keys()].filter((path) => path !== name && nodeOf(path) === name);
}

/** The name of a block device in /dev: the paths of a multipath NVMe disk have none there, and stand for the disk. */
export function nodeOf(name: string): string {
  return name.replace(/^(nvme\d+)c\d+(n\d+)$/, "$1$2");
}

function double(name: string | undefined): string {
  return (name ?? "").replaceAll("-", "--");
}
