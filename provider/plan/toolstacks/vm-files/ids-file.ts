import { type ClaimEntry, type EntryOf, entriesOf } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import type { FileEdit } from "../../../steps/file";
import { haveSameIds, type IdsAddition, idsEntry } from "../../../vm-text/xend-ids";
import { originalOf, otherEntries } from "../../claim";

/** What an entry may have added to such a file, from the least to the most. */
const ADDITIONS = ["entry", "list", "node", "line", "file"] as const satisfies readonly IdsAddition[];

/** A claim entry in a file of xend that identifies devices by their ids. */
export type IdsFileEntry = EntryOf<"xend-ids">;
/** What is needed to remove such an entry. */
export type IdsUndo = IdsFileEntry["undo"];

interface IdsFile {
  readonly path: string;
  /** The target of the path if it is a link; else the path. */
  readonly target: string;
  /** Undefined when there is no file. */
  readonly text: string | undefined;
}

/** A file of xend, whether it exists or not. */
export function idsFile({ files }: HostFacts, path: string): IdsFile {
  return files.byPath.get(path) ?? { path, target: path, text: undefined };
}

/** Those of the entries that are in this file. */
export function idsEntriesIn(entries: readonly ClaimEntry[], path: string): readonly IdsFileEntry[] {
  return entriesOf(entries, "xend-ids").filter((entry) => entry.path === path);
}

/** What all claims but this one have in this file. */
export function otherUndos(facts: HostFacts, key: string, path: string): readonly IdsUndo[] {
  return idsEntriesIn(otherEntries(facts, key), path).map(({ undo }) => undo);
}

/** The largest addition to a file that any claim records; undefined when there is none. */
export function largestAddition(undos: readonly Pick<IdsUndo, "addition">[]): IdsAddition | undefined {
  const additions = undos.map(({ addition }) => addition);
  return additions.sort((a, b) => ADDITIONS.indexOf(a) - ADDITIONS.indexOf(b)).at(-1);
}

/** Warns that an entry applies to all devices with the same ids. `consequence`: what it means for the others. */
export function warnOfSameIds(facts: HostFacts, device: PciDevice, consequence: string): readonly string[] {
  const others = [...facts.pciDevices.values()].filter(
    (other) => other.address !== device.address && haveSameIds(other.identity, device.identity),
  );
  if (others.length === 0) return [];
  const addresses = others.map(({ address }) => address).join(", ");
  return [`${addresses} has the ids ${idsEntry(device.identity)} too and ${consequence}`];
}

/** The step that gives a file its new text. `removes`: nothing of this claim stays in the file. */
export function editIdsFile(
  facts: HostFacts,
  file: IdsFile,
  after: string | undefined,
  { key, removes }: { readonly key: string; readonly removes: boolean },
): FileEdit {
  const original = originalOf(facts, key, file.path, removes ? "forget" : "keep");
  return { kind: "edit-file", path: file.target, before: file.text, after, hides: [], original };
}
