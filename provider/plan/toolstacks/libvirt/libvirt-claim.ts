import { z } from "zod";
import type { Claim } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";
import type { DomainXml, GuestAddress, PciHostdev } from "../../../vm-text/domain-xml";

type Entry = Claim["entries"][number];

// What claims on hosts have as `path`: the names are for ever.
/** A function that we put into a VM's lasting configuration. */
export const CONFIG_ENTRY = "libvirt:config";
/** A function that we put into a running VM. */
export const LIVE_ENTRY = "libvirt:live";

export const SYSFS_BOOLEAN = "virt_use_sysfs";
/** The boolean of SELinux that we switched on. */
export const SYSFS_BOOLEAN_ENTRY: Entry = { path: "selinux:boolean", entry: SYSFS_BOOLEAN, undo: {} };

/** How an entry of the configuration is taken back; kept in claims for as long as they live. */
const Undo = z.object({ ports: z.array(z.number()).optional() });

export function entryOf(path: typeof CONFIG_ENTRY | typeof LIVE_ENTRY, address: string): Entry {
  return { path, entry: address, undo: {} };
}

/** The entry of a function in a configuration, where libvirt made these root ports for functions of ours. */
export function configEntry(address: string, ports: readonly number[]): Entry {
  return { ...entryOf(CONFIG_ENTRY, address), undo: ports.length === 0 ? {} : { ports } };
}

/** The root ports that libvirt made in this VM for functions of ours, of whichever attachment: the last one to end takes them back. */
export function portsMadeFor(facts: HostFacts, vmKey: string): readonly number[] {
  const entries = facts.claims.flatMap(({ key, claim }) =>
    key.endsWith(`/${encodeURIComponent(vmKey)}`) ? claim.entries : [],
  );
  return [...new Set(entries.flatMap(portsOf))];
}

/**
 * The root ports that go with these functions: those libvirt made, and nothing else sits on. Highest first, and none
 * below one that stays: libvirt would make it again (seen with 9.0).
 */
export function portsThatGo(
  entries: readonly Entry[],
  { controllers, guestAddresses }: DomainXml,
  leaving: readonly PciHostdev[],
): readonly number[] {
  const made = new Set(entries.flatMap(portsOf));
  const inUse = guestAddresses.filter((one) => !leaving.some(({ guestAddress }) => isSame(one, guestAddress)));
  const highestFirst = [...controllers].sort((a, b) => b.index - a.index);
  const staying = highestFirst.findIndex(
    ({ index, model }) => !made.has(index) || model !== "pcie-root-port" || inUse.some((one) => one.bus === index),
  );
  return highestFirst.slice(0, staying < 0 ? undefined : staying).map((one) => one.index);
}

function portsOf(entry: Entry): readonly number[] {
  return (entry.path === CONFIG_ENTRY && Undo.safeParse(entry.undo).data?.ports) || [];
}

function isSame(a: GuestAddress, b: GuestAddress | undefined): boolean {
  return a.bus === b?.bus && a.slot === b.slot && a.function === b.function;
}
