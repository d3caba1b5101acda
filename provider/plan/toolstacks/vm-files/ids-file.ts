import { type ClaimEntry, type EntryOf, entriesOf } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import type { FileEdit } from "../../../steps/file";
import { haveSameIds, type IdsAddition, idsEntry } from "../../../vm-text/xend-ids";
import { originalOf, otherEntries } from "../../claim";

/** From the least that can be new about an entry of such a file to the most. */
const ADDITIONS = ["entry", "list", "node", "line", "file"] as const satisfies readonly IdsAddition[];

/** An entry of a file that knows devices by their ids. */
export type IdsFileEntry = EntryOf<"xend-ids">;
/** How such an entry is taken back. */
export type IdsUndo = IdsFileEntry["undo"];

interface IdsFile {
  readonly path: string;
  /** What the path leads to, where it is a link. */
  readonly target: string;
  /** Undefined where there is no file. */
  readonly text: string | undefined;
}

/** A file of xend's, whether the host has it or not. */
export function idsFile({ files }: HostFacts, path: string): IdsFile {
  return files.byPath.get(path) ?? { path, target: path, text: undefined };
}

/** The entries, of those given, that stand in this file. */
export function idsEntriesIn(entries: readonly ClaimEntry[], path: string): readonly IdsFileEntry[] {
  return entriesOf(entries, "xend-ids").filter((entry) => entry.path === path);
}

/** What the claims of others have in this file. */
export function undosOfOthers(facts: HostFacts, key: string, path: string): readonly IdsUndo[] {
  return idsEntriesIn(otherEntries(facts, key), path).map(({ undo }) => undo);
}

/** The most that was added to a file, of which each claim knows what it found. */
export function mostOf(undos: readonly Pick<IdsUndo, "addition">[]): IdsAddition | undefined {
  const additions = undos.map(({ addition }) => addition);
  return additions.sort((a, b) => ADDITIONS.indexOf(a) - ADDITIONS.indexOf(b)).at(-1);
}

/** An entry is for all devices of a kind. `consequence`: what that means for the others. */
export function warnOfSameIds(facts: HostFacts, device: PciDevice, consequence: string): readonly string[] {
  const others = [...facts.pciDevices.values()].filter(
    (other) => other.address !== device.address && haveSameIds(other.identity, device.identity),
  );
  if (others.length === 0) return [];
  const addresses = others.map(({ address }) => address).join(", ");
  return [`${addresses} has the ids ${idsEntry(device.identity)} too, and ${consequence}`];
}

/** `removes`: nothing of this claim stays in the file. */
export function editIdsFile(
  facts: HostFacts,
  file: IdsFile,
  after: string | undefined,
  { key, removes }: { readonly key: string; readonly removes: boolean },
): FileEdit {
  const original = originalOf(facts, key, file.path, removes ? "forget" : "keep");
  return { kind: "edit-file", path: file.target, before: file.text, after, hides: [], original };
}
