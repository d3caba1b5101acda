import type { Fact } from "./answers";
import { type BlockDevices, blockDeviceAt, groups, readBlockDevices } from "./block-devices";
import { type Mount, mountAt, readMounts, unescapeField } from "./mounts";
import { storageMembers } from "./storage-members";
import { pathOfDevice, pathOfMount, type StoragePath, type StorageSources, UNTRACED } from "./storage-path";

/** The disks of a host and what it uses them for. */
export interface Storage {
  readonly blockDevices: BlockDevices;
  readonly mounts: readonly Mount[];
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

/**
 * What the host has stored, each traced to the devices that carry it. Prints nothing that changes by itself, such as
 * how full a swap area is.
 */
export const storageFact: Fact<Storage> = {
  name: "storage",
  about: ["functions"],
  ask: `
print_links /sys/class/block/*
print_paths /sys/class/block/*/slaves/* /sys/fs/btrfs/*/devices/*
grep -H '' /sys/class/block/*/dev /sys/class/block/*/size /sys/class/block/*/dm/name /sys/class/block/*/dm/uuid /sys/class/block/*/loop/backing_file
# Linux 2.6.18 has neither /sys/class/block nor mountinfo: print what it has in today's form.
[ -d /sys/class/block ] || for block in /sys/block/*; do
  disk=\${block##*/}
  device=/sys/devices/virtual
  [ ! -e "$block/device" ] || ! cd -P "$block/device" || device=$PWD
  for part in "$block" "$block/$disk"*; do
    [ -e "$part/dev" ] || continue
    name=\${part##*/}
    path=$device/block/$disk
    [ "$part" = "$block" ] || path=$path/$name
    read -r number < "$part/dev"
    printf '%s\\n' "/sys/class/block/$name -> $path" "/sys/class/block/$name/dev:$number"
  done
  for slave in "$block"/slaves/*; do
    [ ! -e "$slave" ] || echo "/sys/class/block/$disk/slaves/\${slave##*/}"
  done
done
[ -e /proc/self/mountinfo ] || while read -r source point type options; do
  case $source in
    /dev/* | rootfs) ;;
    *) continue ;;
  esac
  number=$(stat -c %d "$point")
  echo "mount 0 0 $((number >> 8 & 4095)):$((number & 255 | number >> 12 & 1048320)) / $point rw - $type $source -"
done < /proc/mounts
prefix 'mount '
cat /proc/self/mountinfo
prefix ''
while read -r area type more; do
  echo "swap $area $type"
done < /proc/swaps
# What is on the disks, from udev's database; blkid would have to read the disks.
if [ -d /run/udev/data ]; then
  grep -HE '^(S:|E:ID_FS_(TYPE|LABEL)=)' /run/udev/data/b*
elif command -v blkid > /dev/null; then
  prefix 'blkid '
  limited 20 blkid
  blkid_status=$?
  prefix ''
  [ "$blkid_status" != 124 ] || echo blkid-silent
fi
# Of the status only pools and their devices: the rest changes with every error and scrub.
if [ -d /sys/module/zfs ] && command -v zpool > /dev/null; then
  limited 20 zpool status -LP | sed -n -e 's/^ *pool: /zpool /p' -e 's#^[[:space:]]*\\(/dev/[^[:space:]]*\\).*#vdev \\1#p'
fi
return 0`,
  parse(answer) {
    const lines = answer.text.split("\n");
    const mounts = readMounts(lines);
    const sources: StorageSources = {
      devices: readBlockDevices(answer.text),
      mounts,
      together: readTogether(lines),
      pools: readPools(lines),
    };
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
    const members = storageMembers(sources.devices, inUse, lines.includes("blkid-silent")).map(
      ({ device, description }): StorageUse => ({
        purpose: { kind: "member", description },
        ...pathOfDevice(sources, device),
      }),
    );
    return { blockDevices: sources.devices, mounts, uses: [...uses, ...members] };
  },
};

/** The way from a path in /dev down to what carries it; undefined when the host has no such block device. */
export function storageAt(storage: Storage, path: string): StoragePath | undefined {
  const device = blockDeviceAt(storage.blockDevices, path);
  const sources = { devices: storage.blockDevices, mounts: [], together: [], pools: new Map() };
  return device ? pathOfDevice(sources, device) : undefined;
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
