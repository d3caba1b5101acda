import { z } from "zod";
import { parsePciAddress } from "../pci/address";
import { STUB_DRIVERS } from "../pci/stub-driver";

/** The address of a PCI function in a claim, parsed. */
export const ClaimedAddress = z.string().transform((text, context) => {
  const address = parsePciAddress(text);
  if (!address) context.addIssue(`"${text}" is not a PCI address`);
  return address ?? z.NEVER;
});

const StubDriverName = z.enum(STUB_DRIVERS);

/** One argument of a command line: that of a kernel without Xen (`linux`), or that of the hypervisor (`xen`). */
export const BootArgument = z.object({
  line: z.enum(["linux", "xen"]),
  name: z.string(),
  /** The whole word: `intel_iommu=on`. */
  text: z.string(),
});
/** One argument of a command line, parsed. */
export type BootArgument = z.infer<typeof BootArgument>;

/** Places of a command line that had the argument already, by their names: the removal leaves it there. */
const Kept = z.array(z.string()).optional();

/** What is needed to stop hiding a function, for each mechanism. */
const HiddenUndo = z.discriminatedUnion("mechanism", [
  z.object({ mechanism: z.literal("grub"), kept: Kept }),
  /** `module`: the module that a softdep makes wait for xen-pciback. */
  z.object({ mechanism: z.literal("modprobe"), module: z.string() }),
  /** `option`, `install`: whether the line `options pciback` and the `install` line of the module are new. */
  z.object({
    mechanism: z.literal("modprobe.conf"),
    module: z.string(),
    option: z.boolean(),
    install: z.boolean(),
  }),
  z.object({ mechanism: z.literal("initramfs") }),
  z.object({ mechanism: z.literal("driver-override") }),
  z.object({ mechanism: z.literal("pciback-conf") }),
  z.object({
    mechanism: z.literal("kernel-ids"),
    stub: StubDriverName,
    id: z.string(),
    module: z.string().optional(),
    kept: Kept,
  }),
  /** `absent`: whether there was no such argument before. */
  z.object({ mechanism: z.literal("xen-cmdline"), absent: z.boolean() }),
]);
type HiddenUndo = z.infer<typeof HiddenUndo>;
/** The mechanism that wrote an entry and can remove it. */
export type HiddenBy = HiddenUndo["mechanism"];

/** What an edit of an xl or xm configuration added besides its entry. */
const VmFileAdditions = z.object({
  pci: z.boolean(),
  passthrough: z.object({ value: z.string(), instead: z.string().optional() }).optional(),
  newline: z.boolean(),
});

/** One thing that a declaration wrote on the host, with what is needed to restore the same bytes. */
export const ClaimEntry = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("hidden"), path: z.string(), address: ClaimedAddress, undo: HiddenUndo }),
  z.object({ kind: z.literal("boot-argument"), path: z.string(), undo: BootArgument.extend({ kept: Kept }) }),
  /**
   * An entry in the pci list of an xl or xm configuration. `instead`: the user's own entry, quotes included, that it
   * replaced.
   */
  z.object({
    kind: z.literal("vm-file"),
    path: z.string(),
    address: ClaimedAddress,
    undo: z.object({ additions: VmFileAdditions, instead: z.string().optional() }),
  }),
  /** `passthrough="enabled"` in an xl configuration. */
  z.object({
    kind: z.literal("vm-file-passthrough"),
    path: z.string(),
    undo: z.object({ additions: VmFileAdditions }),
  }),
  /** An entry in a file of xend that identifies devices by their ids. `fields`: only in xend-pci-quirks.sxp. */
  z.object({
    kind: z.literal("xend-ids"),
    path: z.string(),
    address: ClaimedAddress,
    undo: z.object({
      id: z.string(),
      subsystem: z.string(),
      addition: z.enum(["entry", "list", "node", "line", "file"]),
      fields: z.array(z.string()).optional(),
    }),
  }),
  /** An item of `other-config:pci` of a VM of XAPI. `absent`: whether there was no such key before. */
  z.object({
    kind: z.literal("xapi"),
    vm: z.string(),
    item: z.string(),
    undo: z.object({ absent: z.boolean() }),
  }),
  /**
   * A function in the persistent configuration of a VM of libvirt. `ports`: the root ports that libvirt made for it.
   */
  z.object({
    kind: z.literal("libvirt-config"),
    address: ClaimedAddress,
    undo: z.object({ ports: z.array(z.number()) }),
  }),
  /** A function in a running VM of libvirt. */
  z.object({ kind: z.literal("libvirt-live"), address: ClaimedAddress }),
  /** A boolean of SELinux that is switched on. */
  z.object({ kind: z.literal("selinux-boolean"), name: z.string() }),
]);
/** One thing that a declaration wrote on the host, parsed. */
export type ClaimEntry = z.infer<typeof ClaimEntry>;
/** The entries of one kind. */
export type EntryOf<K extends ClaimEntry["kind"]> = Extract<ClaimEntry, { kind: K }>;
/** An entry that hides a function, made by one mechanism. */
export type HiddenEntry<M extends HiddenBy = HiddenBy> = EntryOf<"hidden"> & {
  readonly undo: Extract<HiddenUndo, { mechanism: M }>;
};

/** Those of the entries that are of this kind. */
export function entriesOf<K extends ClaimEntry["kind"]>(
  entries: readonly ClaimEntry[],
  kind: K,
): readonly EntryOf<K>[] {
  return entries.filter((entry): entry is EntryOf<K> => entry.kind === kind);
}

/** Those of the entries by which this mechanism hides functions. */
export function hiddenBy<M extends HiddenBy>(entries: readonly ClaimEntry[], mechanism: M): readonly HiddenEntry<M>[] {
  return entries.filter(
    (entry): entry is HiddenEntry<M> => entry.kind === "hidden" && entry.undo.mechanism === mechanism,
  );
}

/** Whether an entry is in this file. */
export function standsIn(entry: ClaimEntry, path: string): boolean {
  return "path" in entry && entry.path === path;
}
