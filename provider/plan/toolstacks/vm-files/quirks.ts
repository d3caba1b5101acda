import type { Claim } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";
import { QUIRKS_FILE } from "../../../facts/xend";
import { haveSameIds, idsEntry } from "../../../vm-text/xend-ids";
import { addQuirks, quirksOf, removeQuirks } from "../../../vm-text/xend-pci-quirks";
import type { EditsBeside, WantedBeside } from "./file-toolstack";
import { editIdsFile, type IdsUndo, idsFile, mostOf, undoOf, undosOfOthers, warnOfSameIds } from "./ids-file";

/** In: what a VM shall have, and the claim's entries. Out: the edit that lets its guest write more fields of its devices, or not any more. */
export function editQuirks(facts: HostFacts, wanted: WantedBeside, claimed: Claim["entries"]): EditsBeside {
  const file = idsFile(facts, QUIRKS_FILE);
  const ours = claimed.filter(({ path }) => path === QUIRKS_FILE);
  const mine = ours.flatMap((entry) => undoOf(entry) ?? []);
  const others = undosOfOthers(facts, wanted.key, QUIRKS_FILE);
  const fields = wanted.options.quirks ?? [];
  const devices = fields.length > 0 ? wanted.devices : [];
  const refuse = (refusal: string): EditsBeside => ({ steps: [], entries: ours, effects: [], warnings: [], refusal });

  let addition = mostOf([...others, ...mine]);
  let text = file.text;
  for (const undo of mine) {
    const stays =
      others.some((one) => haveSameIds(one, undo)) ||
      (isSame(undo.fields ?? [], fields) && devices.some(({ identity }) => haveSameIds(identity, undo)));
    if (!stays && text !== undefined) text = removeQuirks(text, undo, undo.fields ?? [], addition ?? "node");
  }

  const added: IdsUndo[] = [];
  const entries: Claim["entries"] = [];
  const effects: string[] = [];
  const warnings: string[] = [];
  for (const device of devices) {
    const { address, identity } = device;
    const ids = idsEntry(identity);
    const present = quirksOf(text ?? "", identity);
    if (present === undefined) {
      const edit = addQuirks(text, identity, fields);
      if (edit.kind === "error") return refuse(`${QUIRKS_FILE} cannot be edited: ${edit.reason}. Mend it first`);
      text = edit.text;
      addition = mostOf([edit, ...(addition ? [{ addition }] : [])]);
      effects.push(`${QUIRKS_FILE} gets ${ids}: xend lets a VM write ${fields.join(", ")} of its configuration space`);
    } else if (!isSame(present, fields)) {
      const missing = fields.filter((one) => !present.includes(one));
      if (missing.length > 0)
        return refuse(
          `${QUIRKS_FILE} has other quirks for ${ids}, ${present.join(", ") || "none"}, and xend reads the first ones alone. Add ${missing.join(", ")} there, or leave quirks out`,
        );
      continue;
    } else if (![...others, ...mine, ...added].some((one) => haveSameIds(one, identity))) continue;
    const undo = { id: identity.id, subsystem: identity.subsystem, addition: addition ?? "node", fields: [...fields] };
    added.push(undo);
    entries.push({ path: QUIRKS_FILE, entry: address, undo });
    warnings.push(...warnOfSameIds(facts, device, "gets its quirks"));
  }
  if (text === file.text) return { steps: [], entries, effects: [], warnings: [], refusal: undefined };
  return {
    steps: [editIdsFile(facts, file, text, { key: wanted.key, removes: entries.length === 0 })],
    entries,
    effects: effects.length > 0 ? effects : [`${QUIRKS_FILE} loses its entry`],
    warnings,
    refusal: undefined,
  };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at]);
}
