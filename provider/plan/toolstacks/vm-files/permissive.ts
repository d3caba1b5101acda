import type { Claim } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";
import { PERMISSIVE_FILE } from "../../../facts/xend";
import { haveSameIds, idsEntry } from "../../../vm-text/xend-ids";
import { addPermissive, isPermissive, removePermissive } from "../../../vm-text/xend-pci-permissive";
import type { EditsBeside, WantedBeside } from "./file-toolstack";
import { editIdsFile, idsFile, mostOf, undoOf, undosOfOthers, warnOfSameIds } from "./ids-file";

/** In: what a VM shall have, and the claim's entries. Out: the edit that makes its devices permissive in xend's own file, or not any more. */
export function editPermissive(facts: HostFacts, wanted: WantedBeside, claimed: Claim["entries"]): EditsBeside {
  const file = idsFile(facts, PERMISSIVE_FILE);
  const ours = claimed.filter(({ path }) => path === PERMISSIVE_FILE);
  const others = undosOfOthers(facts, wanted.key, PERMISSIVE_FILE);
  const all = [...others, ...ours.flatMap((entry) => undoOf(entry) ?? [])];
  const devices = wanted.options.permissive ? wanted.devices : [];
  const warnings: string[] = [];
  const entries: Claim["entries"] = [];
  let addition = mostOf(all);
  let text = file.text;
  for (const device of devices) {
    const isThere = isPermissive(text ?? "", device.identity);
    if (isThere && !all.some((one) => haveSameIds(one, device.identity))) continue; // somebody else's
    if (!isThere) {
      const edit = addPermissive(text, device.identity);
      if (edit.kind === "error") {
        const refusal = `${PERMISSIVE_FILE} cannot be edited: ${edit.reason}. Mend it first`;
        return { steps: [], entries: ours, effects: [], warnings: [], refusal };
      }
      text = edit.text;
      addition = mostOf([edit, ...(addition ? [{ addition }] : [])]);
    }
    const { id, subsystem } = device.identity;
    entries.push({
      path: PERMISSIVE_FILE,
      entry: device.address,
      undo: { id, subsystem, addition: addition ?? "entry" },
    });
    warnings.push(...warnOfSameIds(facts, device, "becomes permissive with it"));
  }
  for (const entry of ours) {
    const undo = undoOf(entry);
    const kept = entries.some((one) => one.entry === entry.entry);
    if (!undo || kept || others.some((one) => haveSameIds(one, undo)) || text === undefined) continue;
    text = removePermissive(text, undo, addition ?? "entry");
  }
  if (text === file.text) return { steps: [], entries, effects: [], warnings: [], refusal: undefined };
  const removes = devices.length === 0;
  return {
    steps: [editIdsFile(facts, file, text, { key: wanted.key, removes })],
    entries,
    effects: [
      removes
        ? `${PERMISSIVE_FILE} loses its entry`
        : `${PERMISSIVE_FILE} gets ${devices.map(({ identity }) => idsEntry(identity)).join(" and ")}: xend lets a VM write all of its configuration space`,
    ],
    warnings,
    refusal: undefined,
  };
}
