import { CLAIM_VERSION, type Claim, type ClaimedFunction } from "../claims/claim";
import { type ClaimEntry, standsIn } from "../claims/claim-entry";
import { formatKey, parseKey } from "../claims/claim-key";
import { claimPath } from "../claims/folders";
import { readableClaims } from "../facts/claims";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import { quote } from "../shell";
import type { FileEdit } from "../steps/file";
import type { Step } from "../steps/steps";
import type { Judgement } from "./guard";
import type { Owner, Wish } from "./wish";

/** The key of a wish on its machine; `vm` is what names an attachment's VM for good. */
export function claimKey(wish: Wish, vm?: string): string {
  return formatKey({ kind: wish.kind, target: "target" in wish ? wish.target : undefined, vm });
}

export function findClaim(facts: HostFacts, key: string): Claim | undefined {
  return readableClaims(facts).find((claim) => claim.key === key)?.claim;
}

/** Another stack's claim is never taken over, as two programs would undo each other; nor is one that cannot be read. */
export function judgeClaim(facts: HostFacts, key: string, owner: Owner): readonly Judgement[] {
  const claim = findClaim(facts, key);
  const unreadable = judgeUnreadable(facts, key);
  if (unreadable.length > 0 || !claim || isSameStack(claim, owner)) return unreadable;
  return [
    {
      guard: "claimed",
      evidence: `the stack "${claim.stack}" of the project "${claim.project}" manages it (as "${claim.label}"). Destroy it there first; if that stack is gone for ever, remove its claim on the host: rm ${quote(claimPath(key))}`,
    },
  ];
}

/** A claim that cannot be read may hold what gives a device back: neither the claim nor what it is about is touched. */
export function judgeUnreadable(facts: HostFacts, key: string): readonly Judgement[] {
  const unreadable = facts.claims.flatMap((claim) => ("unreadable" in claim && claim.key === key ? [claim] : []));
  return unreadable.map(({ unreadable: reading }) => ({
    guard: "claimed",
    evidence:
      reading.kind === "newer"
        ? `a newer version of pulumi-pci-passthrough manages it (its claim has version ${reading.version}). Upgrade the package`
        : `its claim on the host cannot be read (${reading.reason}), so what was there before is not known. Look at ${claimPath(key)}; to give up what it knows, remove it`,
  }));
}

/** What a claim records of functions, without their drivers; what an earlier version of the claim recorded stays. */
export function claimedFunctions(claim: Claim | undefined, devices: readonly PciDevice[]): ClaimedFunction[] {
  return devices.map((device) => recorded(claim, device) ?? identityOf(device));
}

/** The same with the driver that each gets back: an earlier record counts more, as the function may be on the stub because of us. */
export function claimedDrivers(claim: Claim | undefined, devices: readonly PciDevice[]): ClaimedFunction[] {
  return devices.map((device) => recorded(claim, device) ?? { ...identityOf(device), driver: device.driver ?? null });
}

function recorded(claim: Claim | undefined, { address }: PciDevice): ClaimedFunction | undefined {
  return claim?.functions.find((claimed) => claimed.address === address);
}

function identityOf({ address, identity: { id, subsystem } }: PciDevice): ClaimedFunction {
  return { address, id, subsystem };
}

/** The step that gives a wish's claim these contents and the owner's token; none where it has them. */
export function claimFor(
  facts: HostFacts,
  key: string,
  owner: Owner,
  contents: Omit<Claim, "version" | "token" | "project" | "stack" | "label">,
): readonly Step[] {
  const before = findClaim(facts, key);
  const { project, stack, label } = owner;
  const token = owner.token ?? before?.token ?? "";
  const claim: Claim = { version: CLAIM_VERSION, token, project, stack, label, ...contents };
  return before && canonical(before) === canonical(claim) ? [] : [{ kind: "write-claim", key, before, claim }];
}

/** The claim that a delete may act on: the one with the token of the resource that is deleted. */
export function claimToGiveBack(facts: HostFacts, key: string, owner: Owner): Claim | undefined {
  const claim = findClaim(facts, key);
  return claim?.token === owner.token ? claim : undefined;
}

/** The step that ends a claim. */
export function dropClaim(key: string, claim: Claim): Step {
  return { kind: "drop-claim", key, before: claim };
}

/** The step by which later runs know that the end of a boot change waits for the host's reboot. */
export function noteRemoval(facts: HostFacts, key: string, { project, stack }: Owner): Step {
  return { kind: "note-removal", removal: { version: 1, project, stack, key, bootId: facts.machine.bootId } };
}

/** The entries of all claims on the host. */
export function allEntries(facts: HostFacts): readonly ClaimEntry[] {
  return readableClaims(facts).flatMap(({ claim }) => claim.entries);
}

/** The entries of all claims but this one. */
export function otherEntries(facts: HostFacts, key: string): readonly ClaimEntry[] {
  return readableClaims(facts).flatMap((other) => (other.key === key ? [] : other.claim.entries));
}

/** Whether another claim has an entry in this file. */
function othersHaveEntriesIn(facts: HostFacts, key: string, path: string): boolean {
  return otherEntries(facts, key).some((entry) => standsIn(entry, path));
}

/** What becomes of the text before our first edit of a file: it stays as it is while another claim has entries there. */
export function originalOf(
  facts: HostFacts,
  key: string,
  path: string,
  when: FileEdit["original"],
): FileEdit["original"] {
  return othersHaveEntriesIn(facts, key, path) ? "leave" : when;
}

/** Whether an AssignableDevice has claimed a function: it stays on its stub driver for all VMs. */
export function isClaimedAssignable(facts: HostFacts, address: PciDevice["address"]): boolean {
  return readableClaims(facts).some(
    ({ key, claim }) =>
      parseKey(key)?.kind === "AssignableDevice" && claim.functions.some((claimed) => claimed.address === address),
  );
}

/** Each entry once. */
export function distinctEntries(entries: readonly ClaimEntry[]): ClaimEntry[] {
  const placeOf = (entry: ClaimEntry) => JSON.stringify({ ...entry, undo: undefined });
  return entries.filter((entry, index) => entries.findIndex((other) => placeOf(other) === placeOf(entry)) === index);
}

function isSameStack(claim: Claim, owner: Owner): boolean {
  return claim.project === owner.project && claim.stack === owner.stack;
}

/** In an order that does not depend on how the object was made. */
function canonical(claim: Claim): string {
  return JSON.stringify(
    Object.entries(claim)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}
