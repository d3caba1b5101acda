import type { Claim } from "../../facts/claims";

type Entry = Claim["entries"][number];

// What claims on hosts have as `path`: the names are for ever.
/** A function that we put into a VM's lasting configuration. */
export const CONFIG_ENTRY = "libvirt:config";
/** A function that we put into a running VM. */
export const LIVE_ENTRY = "libvirt:live";

export const SYSFS_BOOLEAN = "virt_use_sysfs";
/** The boolean of SELinux that we switched on. */
export const SYSFS_BOOLEAN_ENTRY: Entry = { path: "selinux:boolean", entry: SYSFS_BOOLEAN, undo: {} };

export function entryOf(path: typeof CONFIG_ENTRY | typeof LIVE_ENTRY, address: string): Entry {
  return { path, entry: address, undo: {} };
}
