import type { ClaimEntry } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import { PERMISSIVE_FILE } from "../../../facts/xend";
import { haveSameIds, idsEntry } from "../../../vm-text/xend-ids";
import { addPermissive, isPermissive, removePermissive } from "../../../vm-text/xend-pci-permissive";
import { neither } from "../../effect";
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
 * The edit of xend's file that makes the devices of a VM permissive, or stops that. Refuses a file that cannot be
 * edited.
 */
export function editPermissive(facts: HostFacts, wanted: WantedBeside, entriesOfClaim: readonly ClaimEntry[]): Part {
  const file = idsFile(facts, PERMISSIVE_FILE);
  const claimed = idsEntriesIn(entriesOfClaim, PERMISSIVE_FILE);
  const others = otherUndos(facts, wanted.key, PERMISSIVE_FILE);
  const all = [...others, ...claimed.map(({ undo }) => undo)];
  const devices = wanted.options.permissive ? wanted.devices : [];
  const warnings: string[] = [];
  const entries: IdsFileEntry[] = [];
  let addition = largestAddition(all);
  let text = file.text;
  for (const device of devices) {
    const isThere = isPermissive(text ?? "", device.identity);
    if (isThere && !all.some((undo) => haveSameIds(undo, device.identity))) continue; // written by somebody else
    if (!isThere) {
      const edit = addPermissive(text, device.identity);
      if (edit.kind === "error")
        return join(
          part({ entries: claimed }),
          refuse(`${PERMISSIVE_FILE} cannot be edited: ${edit.reason}. Fix it first`),
        );
      text = edit.text;
      addition = largestAddition([edit, ...(addition ? [{ addition }] : [])]);
    }
    const { id, subsystem } = device.identity;
    const undo = { id, subsystem, addition: addition ?? "entry" };
    entries.push({ kind: "xend-ids", path: PERMISSIVE_FILE, address: device.address, undo });
    warnings.push(...warnOfSameIds(facts, device, "becomes permissive with it"));
  }
  for (const { address, undo } of claimed) {
    const kept = entries.some((entry) => entry.address === address);
    if (kept || others.some((other) => haveSameIds(other, undo)) || text === undefined) continue;
    text = removePermissive(text, undo, addition ?? "entry");
  }
  if (text === file.text) return part({ entries });
  const removes = devices.length === 0;
  return part({
    steps: [editIdsFile(facts, file, text, { key: wanted.key, removes })],
    entries,
    effects: [
      neither(
        removes
          ? `the entry of the device is removed from ${PERMISSIVE_FILE}`
          : `${PERMISSIVE_FILE} gets ${devices.map(({ identity }) => idsEntry(identity)).join(" and ")}: xend lets a VM write all of its configuration space`,
      ),
    ],
    warnings,
  });
}
