import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { addressesOnPath, lastSegment, readLinks, readValues } from "./sysfs";

/** A use that the host makes of a disk: a mounted file system or swap. */
export interface StorageUse {
  /** `/`, `/boot`, or `swap`. */
  readonly mountPoint: string;
  /** The block devices below it, through partitions, LVM, md, crypt and multipath: `["dm-0", "vda2", "vda"]`. */
  readonly blockDevices: readonly string[];
  /** The PCI functions that the block devices are connected to; not the bridges above them. */
  readonly carriedBy: readonly PciAddress[];
}

/** The file systems and swap in use, each traced to the devices that carry it. */
export const storageFact: Fact<readonly StorageUse[]> = {
  name: "storage",
  ask: `
ls -ld /sys/class/block/*
ls -d /sys/class/block/*/slaves/* /sys/fs/btrfs/*/devices/*
grep -H '' /sys/class/block/*/dev /sys/class/block/*/dm/name
# Linux 2.6.18 has neither /sys/class/block nor mountinfo: print what it has in today's form.
[ -d /sys/class/block ] || for block in /sys/block/*; do
  disk=\${block##*/}
  device=$(readlink "$block/device")
  for part in "$block" "$block/$disk"*; do
    [ -e "$part/dev" ] || continue
    name=\${part##*/}
    path=$device/block/$disk
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
sed 's/^/swap /' /proc/swaps`,
  parse(answer) {
    const links = readLinks(answer.text);
    const values = readValues(answer.text);
    const lines = answer.text.split("\n");
    const pathOf = new Map([...links].map(([path, target]) => [lastSegment(path), target]));
    const byNumber = new Map<string, string>();
    const byMapperName = new Map<string, string>();
    for (const [path, value] of values) {
      const name = path.split("/")[4] ?? "";
      if (path.endsWith("/dev")) byNumber.set(value, name);
      if (path.endsWith("/dm/name")) byMapperName.set(value, name);
    }
    const slaves = new Map<string, string[]>();
    for (const line of lines) {
      const match = /^\/sys\/class\/block\/([^/]+)\/slaves\/([^/]+)$/.exec(line);
      if (match?.[1] && match[2]) slaves.set(match[1], [...(slaves.get(match[1]) ?? []), match[2]]);
    }

    const together = new Map<string, string[]>(); // the devices of each btrfs, of which mountinfo names only one
    for (const line of lines) {
      const match = /^(\/sys\/fs\/btrfs\/[^/]+)\/devices\/([^/]+)$/.exec(line);
      if (match?.[1] && match[2]) together.set(match[1], [...(together.get(match[1]) ?? []), match[2]]);
    }
    const besides = (name: string) => [...together.values()].find((names) => names.includes(name)) ?? [];

    const below = (name: string, seen: Set<string>): Set<string> => {
      if (seen.has(name)) return seen;
      seen.add(name);
      for (const slave of slaves.get(name) ?? []) below(slave, seen);
      // A partition is a folder inside its disk: …/block/vda/vda1. md and dm may use the whole disk instead of a
      // partition.
      const disk = pathOf.get(name)?.split("/").at(-2);
      if (disk && pathOf.has(disk)) below(disk, seen);
      // A multipath NVMe disk nvme0n1 is a virtual device; its paths are nvme0c*n1 (linux,
      // drivers/nvme/host/multipath.c, 6.1).
      const [, subsystem, namespace] = /^(nvme\d+)(n\d+)$/.exec(name) ?? [];
      if (subsystem !== undefined) {
        for (const path of pathOf.keys())
          if (path.replace(/c\d+/, "") === `${subsystem}${namespace}`) below(path, seen);
      }
      return seen;
    };
    const use = (mountPoint: string, blockDevice: string | undefined): StorageUse[] => {
      if (blockDevice === undefined) return [];
      const found = new Set<string>();
      for (const name of [blockDevice, ...besides(blockDevice)]) below(name, found);
      const blockDevices = [...found];
      const carriers = blockDevices.flatMap((name) => addressesOnPath(pathOf.get(name) ?? "").slice(-1));
      return [{ mountPoint, blockDevices, carriedBy: [...new Set(carriers)] }];
    };
    const named = (source: string): string | undefined => {
      if (!source.startsWith("/dev/")) return undefined;
      const name = lastSegment(source);
      return pathOf.has(name) ? name : byMapperName.get(name);
    };

    return lines.flatMap((line) => {
      const [kind, ...fields] = line.split(" ");
      if (kind === "swap") return use("swap", named(fields[0] ?? ""));
      if (kind !== "mount") return [];
      // proc(5), mountinfo: field 3 is the device number, field 5 the mount point, and the source is the second field
      // after " - ".
      const source = fields[fields.indexOf("-") + 2] ?? "";
      return use((fields[4] ?? "").replaceAll("\\040", " "), byNumber.get(fields[2] ?? "") ?? named(source));
    });
  },
};
