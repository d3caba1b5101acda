import type { ClaimEntry } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import { QUIRKS_FILE } from "../../../facts/xend";
import { haveSameIds, idsEntry } from "../../../vm-text/xend-ids";
import { addQuirks, quirksOf, removeQuirks } from "../../../vm-text/xend-pci-quirks";
import { type Effect, neither } from "../../effect";
import { join, type Part, part, refuse } from "../../part";
import type { WantedBeside } from "./file-toolstack";
import {
  editIdsFile,
  type IdsFileEntry,
  idsEntriesIn,
  idsFile,
  largestAddition,
  otherUndos,
  warnOfSameIds,
} from "./ids-file";

/**
 * The edit of xend's file that lets a guest write more fields of its devices, or stops that. Refuses a file that cannot
 * be edited.
 */
export function editQuirks(facts: HostFacts, wanted: WantedBeside, entriesOfClaim: readonly ClaimEntry[]): Part {
  const file = idsFile(facts, QUIRKS_FILE);
  const claimed = idsEntriesIn(entriesOfClaim, QUIRKS_FILE);
  const claimedUndos = claimed.map(({ undo }) => undo);
  const others = otherUndos(facts, wanted.key, QUIRKS_FILE);
  const fields = wanted.options.quirks ?? [];
  const devices = fields.length > 0 ? wanted.devices : [];
  const unable = (reason: string) => join(part({ entries: claimed }), refuse(reason));

  let addition = largestAddition([...others, ...claimedUndos]);
  let text = file.text;
  for (const undo of claimedUndos) {
    const stays =
      others.some((other) => haveSameIds(other, undo)) ||
      (areSame(undo.fields ?? [], fields) && devices.some(({ identity }) => haveSameIds(identity, undo)));
    if (!stays && text !== undefined) text = removeQuirks(text, undo, undo.fields ?? [], addition ?? "node");
  }

  const entries: IdsFileEntry[] = [];
  const effects: Effect[] = [];
  const warnings: string[] = [];
  for (const device of devices) {
    const { address, identity } = device;
    const ids = idsEntry(identity);
    const present = quirksOf(text ?? "", identity);
    if (present === undefined) {
      const edit = addQuirks(text, identity, fields);
      if (edit.kind === "error") return unable(`${QUIRKS_FILE} cannot be edited: ${edit.reason}. Fix it first`);
      text = edit.text;
      addition = largestAddition([edit, ...(addition ? [{ addition }] : [])]);
      effects.push(
        neither(`${QUIRKS_FILE} gets ${ids}: xend lets a VM write ${fields.join(", ")} of its configuration space`),
      );
    } else if (!areSame(present, fields)) {
      const missing = fields.filter((field) => !present.includes(field));
      if (missing.length > 0)
        return unable(
          `${QUIRKS_FILE} has other quirks for ${ids}, ${present.join(", ") || "none"}, and xend reads only the first ones. Add ${missing.join(", ")} there, or remove quirks`,
        );
      continue;
    } else {
      const undos = [...others, ...claimedUndos, ...entries.map(({ undo }) => undo)];
      if (!undos.some((undo) => haveSameIds(undo, identity))) continue; // written by somebody else
    }
    const { id, subsystem } = identity;
    const undo = { id, subsystem, addition: addition ?? "node", fields: [...fields] };
    entries.push({ kind: "xend-ids", path: QUIRKS_FILE, address, undo });
    warnings.push(...warnOfSameIds(facts, device, "gets its quirks"));
  }
  if (text === file.text) return part({ entries });
  return part({
    steps: [editIdsFile(facts, file, text, { key: wanted.key, removes: entries.length === 0 })],
    entries,
    effects: effects.length > 0 ? effects : [neither(`the entry of the device is removed from ${QUIRKS_FILE}`)],
    warnings,
  });
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((field, index) => field === b[index]);
}
