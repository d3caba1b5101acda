import { z } from "zod";
import type { Claim } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import type { FileEdit } from "../../../steps/step";
import { haveSameIds, type IdsAddition, idsEntry } from "../../../vm-text/xend-ids";
import { othersHaveEntriesIn } from "../../claim";

/** How an entry of a file that knows devices by their ids is taken back; kept in claims for as long as they live. */
const ADDITIONS = ["entry", "list", "node", "line", "file"] as const satisfies readonly IdsAddition[];
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

export function idsFile({ files }: HostFacts, path: string): IdsFile {
  return files.byPath.get(path) ?? { path, target: path, text: undefined };
}

export function undoOf(entry: Claim["entries"][number]): IdsUndo | undefined {
  return Undo.safeParse(entry.undo).data;
}

/** What the claims of others have in this file. */
export function undosOfOthers(facts: HostFacts, key: string, path: string): readonly IdsUndo[] {
  const others = facts.claims.filter((one) => one.key !== key);
  const entries = others.flatMap(({ claim }) => claim.entries).filter((one) => one.path === path);
  return entries.flatMap((entry) => undoOf(entry) ?? []);
}

/** The most that is ours of a file, of which each claim knows what it found. */
export function mostOf(undos: readonly Pick<IdsUndo, "addition">[]): IdsAddition | undefined {
  const additions = undos.map((one) => one.addition);
  return additions.sort((a, b) => ADDITIONS.indexOf(a) - ADDITIONS.indexOf(b)).at(-1);
}

/** An entry is for all devices of a kind. `consequence`: what that means for the others. */
export function warnOfSameIds(facts: HostFacts, device: PciDevice, consequence: string): readonly string[] {
  const others = [...facts.pciDevices.values()].filter(
    (one) => one.address !== device.address && haveSameIds(one.identity, device.identity),
  );
  if (others.length === 0) return [];
  const addresses = others.map((one) => one.address).join(", ");
  return [`${addresses} has the ids ${idsEntry(device.identity)} too, and ${consequence}`];
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
