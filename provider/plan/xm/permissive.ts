import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { PERMISSIVE_FILE } from "../../facts/xend";
import { idsEntry } from "../../pci/xend-ids";
import { addPermissive, isPermissive, removePermissive } from "../../pci/xend-pci-permissive";
import type { EditsBeside, WantedBeside } from "../xl/file-toolstack";
import { editIdsFile, idsFile, mostOf, othersOfSameIds, undoOf, undosIn } from "./ids-file";

/** In: what a VM shall have, and the claim's entries. Out: the edit that makes its devices permissive in xend's own file, or not any more. */
export function editPermissive(facts: HostFacts, wanted: WantedBeside, claimed: Claim["entries"]): EditsBeside {
  const file = idsFile(facts, PERMISSIVE_FILE);
  const ours = claimed.filter(({ path }) => path === PERMISSIVE_FILE);
  const all = undosIn(facts.claims, PERMISSIVE_FILE);
  const others = undosIn(
    facts.claims.filter(({ key }) => key !== wanted.key),
    PERMISSIVE_FILE,
  );
  const devices = wanted.options.permissive ? wanted.devices : [];
  const warnings: string[] = [];
  const entries: Claim["entries"] = [];
  let addition = mostOf(all.map((one) => one.addition));
  let text = file.text;
  for (const device of devices) {
    const undo = all.find((one) => idsEntry(one) === idsEntry(device.identity));
    const foreign = isPermissive(text ?? "", device.identity) && undo === undefined;
    if (foreign) continue;
    if (!isPermissive(text ?? "", device.identity)) {
      const edit = addPermissive(text, device.identity);
      if (edit.kind === "error") {
        const refusal = `${PERMISSIVE_FILE} cannot be edited: ${edit.reason}. Mend it first`;
        return { steps: [], entries: ours, effects: [], warnings: [], refusal };
      }
      text = edit.text;
      addition = mostOf([edit.addition, ...(addition ? [addition] : [])]);
    }
    const { id, subsystem } = device.identity;
    entries.push({
      path: PERMISSIVE_FILE,
      entry: device.address,
      undo: { id, subsystem, addition: addition ?? "entry" },
    });
    const also = othersOfSameIds(facts, device).map((one) => one.address);
    if (also.length > 0)
      warnings.push(`${also.join(", ")} has the ids ${idsEntry(device.identity)} too, and becomes permissive with it`);
  }
  for (const entry of ours) {
    const undo = undoOf(entry);
    const kept = entries.some((one) => one.entry === entry.entry);
    if (!undo || kept || others.some((one) => idsEntry(one) === idsEntry(undo)) || text === undefined) continue;
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
