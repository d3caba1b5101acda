import type { BlockDevice, BlockDevices } from "./block-devices";

/** A block device that is part of something, or made of others. */
export interface StorageMember {
  readonly device: BlockDevice;
  /** Of what, or as what: `the ZFS pool tank`, `the logical volume vg0-web`. */
  readonly description: string;
}

/**
 * What disks are part of although nothing of it is mounted: mappings and arrays that the kernel runs, and signatures of
 * what spreads over disks. A file system that nothing uses is nobody's. `inUse` has what is mounted or swap, with all
 * below it; `isSilent` says that blkid did not answer.
 */
export function storageMembers(
  devices: BlockDevices,
  inUse: ReadonlySet<string>,
  isSilent: boolean,
): readonly StorageMember[] {
  const all = [...devices.values()];
  const made = all.filter(isMade);
  const below = new Set(made.flatMap(({ lower }) => lower));
  return all.flatMap((device): StorageMember[] => {
    if (inUse.has(device.name) || below.has(device.name)) return [];
    const description = made.includes(device) ? describeMade(device) : describeMember(device, isSilent);
    return description === undefined ? [] : [{ device, description }];
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
