import { z } from "zod";
import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import { PERMISSIVE_FILE } from "../../facts/xend";
import {
  addPermissive,
  isPermissive,
  type PermissiveAddition,
  permissiveEntry,
  removePermissive,
} from "../../pci/xend-pci-permissive";
import { othersHaveEntriesIn } from "../claim";
import type { EditsBeside, WantedBeside } from "../xl/file-toolstack";

/** How an entry is taken back; kept in claims for as long as they live. */
const ADDITIONS = ["entry", "list", "node", "line", "file"] as const satisfies readonly PermissiveAddition[];
const Undo = z.object({ id: z.string(), subsystem: z.string(), addition: z.enum(ADDITIONS) });
type Undo = z.infer<typeof Undo>;

/** In: what a VM shall have, and the claim's entries. Out: the edit that makes its devices permissive in xend's own file, or not any more. */
export function editPermissive(facts: HostFacts, wanted: WantedBeside, claimed: Claim["entries"]): EditsBeside {
  const file = facts.xend?.files.find(({ path }) => path === PERMISSIVE_FILE);
  const ours = claimed.filter(({ path }) => path === PERMISSIVE_FILE);
  const all = entriesOfClaims(facts);
  const devices = wanted.options.permissive ? wanted.devices : [];
  const warnings: string[] = [];
  const entries: Claim["entries"] = [];
  let addition = mostOf(all);
  let text = file?.text;
  for (const device of devices) {
    const undo = all.find((one) => permissiveEntry(one) === permissiveEntry(device.identity));
    const foreign = isPermissive(text ?? "", device.identity) && undo === undefined;
    if (foreign) continue;
    if (!isPermissive(text ?? "", device.identity)) {
      const edit = addPermissive(text, device.identity);
      if (edit.kind === "error") {
        const refusal = `${PERMISSIVE_FILE} cannot be edited: ${edit.reason}. Mend it first`;
        return { steps: [], entries: ours, effects: [], warnings: [], refusal };
      }
      text = edit.text;
      addition = mostOf([{ addition: edit.addition }, ...(addition ? [{ addition }] : [])]);
    }
    const { id, subsystem } = device.identity;
    entries.push({
      path: PERMISSIVE_FILE,
      entry: device.address,
      undo: { id, subsystem, addition: addition ?? "entry" },
    });
    warnings.push(...sameIds(facts, device));
  }
  for (const entry of ours) {
    const undo = Undo.safeParse(entry.undo).data;
    const kept = entries.some((one) => one.entry === entry.entry);
    if (!undo || kept || isNeeded(facts, wanted.key, undo) || text === undefined) continue;
    text = removePermissive(text, undo, addition ?? "entry");
  }
  if (text === file?.text) return { steps: [], entries, effects: [], warnings: [], refusal: undefined };
  const removes = devices.length === 0;
  const shared = othersHaveEntriesIn(facts, wanted.key, PERMISSIVE_FILE);
  const original = shared ? "leave" : removes ? "forget" : "keep";
  const target = file?.target ?? PERMISSIVE_FILE;
  return {
    steps: [{ kind: "edit-file", path: target, before: file?.text, after: text, hides: [], original }],
    entries,
    effects: [
      removes
        ? `${PERMISSIVE_FILE} loses its entry`
        : `${PERMISSIVE_FILE} gets ${devices.map(({ identity }) => permissiveEntry(identity)).join(" and ")}: xend lets a VM write all of its configuration space`,
    ],
    warnings,
    refusal: undefined,
  };
}

/** xend knows devices by their ids here, so one entry is for all of a kind. */
function sameIds(facts: HostFacts, device: PciDevice): readonly string[] {
  const entry = permissiveEntry(device.identity);
  const others = [...facts.pciDevices.values()].filter(
    (one) => one.address !== device.address && permissiveEntry(one.identity) === entry,
  );
  if (others.length === 0) return [];
  return [`${others.map((one) => one.address).join(", ")} has the ids ${entry} too, and becomes permissive with it`];
}

function entriesOfClaims(facts: HostFacts): readonly Undo[] {
  return facts.claims
    .flatMap(({ claim }) => claim.entries)
    .filter(({ path }) => path === PERMISSIVE_FILE)
    .flatMap((entry) => Undo.safeParse(entry.undo).data ?? []);
}

function isNeeded(facts: HostFacts, key: string, undo: Undo): boolean {
  const others = facts.claims.filter((one) => one.key !== key);
  return entriesOfClaims({ ...facts, claims: others }).some((one) => permissiveEntry(one) === permissiveEntry(undo));
}

function mostOf(entries: readonly Pick<Undo, "addition">[]): PermissiveAddition | undefined {
  return ADDITIONS.filter((addition) => entries.some((entry) => entry.addition === addition)).at(-1);
}
