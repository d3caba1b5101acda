import { z } from "zod";
import type { Claim } from "../../facts/claims";
import type { DomainXml, PciHostdev } from "../../pci/domain-xml";

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
const Undo = z.object({ controllers: z.array(z.number()).optional() });

/** The entry of a function for which libvirt will make a root port, beside the PCI controllers that the guest has now. */
export function entryWithPort(address: string, { controllers }: DomainXml): Entry {
  return { path: CONFIG_ENTRY, entry: address, undo: { controllers: controllers.map((one) => one.index) } };
}

/** The root port that libvirt made for a function of ours: the one it sits on, which was not there before, and nothing else sits on. */
export function madePort(entry: Entry | undefined, xml: DomainXml, present: PciHostdev): number | undefined {
  const before = Undo.safeParse(entry?.undo).data?.controllers;
  const bus = present.guestAddress?.bus;
  if (before === undefined || bus === undefined || before.includes(bus)) return undefined;
  const port = xml.controllers.find((one) => one.index === bus);
  const alone = xml.guestAddresses.filter((one) => one.bus === bus).length === 1;
  return port?.model === "pcie-root-port" && alone ? bus : undefined;
}

export function entryOf(path: typeof CONFIG_ENTRY | typeof LIVE_ENTRY, address: string): Entry {
  return { path, entry: address, undo: {} };
}
