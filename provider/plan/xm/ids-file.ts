import { z } from "zod";
import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import { idsEntry } from "../../pci/xend-ids";
import type { PermissiveAddition } from "../../pci/xend-pci-permissive";
import { othersHaveEntriesIn } from "../claim";
import type { FileEdit } from "../step";

/** How an entry of a file that knows devices by their ids is taken back; kept in claims for as long as they live. */
const ADDITIONS = ["entry", "list", "node", "line", "file"] as const satisfies readonly PermissiveAddition[];
const Undo = z.object({
  id: z.string(),
  subsystem: z.string(),
  addition: z.enum(ADDITIONS),
  /** Of xend-pci-quirks.sxp. */
  fields: z.array(z.string()).optional(),
});
export type IdsUndo = z.infer<typeof Undo>;

interface IdsFile {
  readonly path: string;
  /** What the path leads to, where it is a link. */
  readonly target: string;
  /** Undefined where there is no file. */
  readonly text: string | undefined;
}

export function idsFile({ xend }: HostFacts, path: string): IdsFile {
  return xend?.files.find((one) => one.path === path) ?? { path, target: path, text: undefined };
}

export function undoOf(entry: Claim["entries"][number]): IdsUndo | undefined {
  return Undo.safeParse(entry.undo).data;
}

/** What these claims have in this file. */
export function undosIn(claims: HostFacts["claims"], path: string): readonly IdsUndo[] {
  const entries = claims.flatMap(({ claim }) => claim.entries).filter((one) => one.path === path);
  return entries.flatMap((entry) => undoOf(entry) ?? []);
}

/** The most that is ours of a file, of which each claim knows what it found. */
export function mostOf<Addition extends PermissiveAddition>(additions: readonly Addition[]): Addition | undefined {
  return [...additions].sort((a, b) => ADDITIONS.indexOf(a) - ADDITIONS.indexOf(b)).at(-1);
}

/** The other devices of the host that an entry for this one means too. */
export function othersOfSameIds(facts: HostFacts, device: PciDevice): readonly PciDevice[] {
  const entry = idsEntry(device.identity);
  return [...facts.pciDevices.values()].filter(
    (one) => one.address !== device.address && idsEntry(one.identity) === entry,
  );
}

/** `removes`: nothing of this claim stays in the file. */
export function editIdsFile(
  facts: HostFacts,
  file: IdsFile,
  after: string | undefined,
  { key, removes }: { readonly key: string; readonly removes: boolean },
): FileEdit {
  const original = othersHaveEntriesIn(facts, key, file.path) ? "leave" : removes ? "forget" : "keep";
  return { kind: "edit-file", path: file.target, before: file.text, after, hides: [], original };
}
