import { CLAIM_VERSION, type Claim, type ClaimedFunction } from "../claims/claim";
import { type ClaimEntry, entriesOf, standsIn } from "../claims/claim-entry";
import { claimPath } from "../claims/claim-file";
import { formatKey, parseKey } from "../claims/claim-key";
import { type KeyedClaim, readableClaims } from "../facts/claims";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import { formatPciTarget, overlap, type PciAddress } from "../pci/address";
import { sameValue } from "../same-value";
import { quote } from "../shell";
import type { FileEdit } from "../steps/file";
import type { Step } from "../steps/steps";
import { type Effect, neither } from "./effect";
import type { Judgement } from "./guards/guards";
import { type MovedDevice, movedDevices, whereNow } from "./moved-device";
import { type Part, part } from "./part";
import type { Owner, Wish } from "./wish";

/** The key of a wish's claim, unique on its host. `vm`: the permanent name of an attachment's VM. */
export function claimKey(wish: Wish, vm?: string): string {
  return formatKey({ kind: wish.kind, target: "target" in wish ? wish.target : undefined, vm });
}

/** The claim with this key; undefined when there is none or it cannot be read. */
export function findClaim(facts: HostFacts, key: string): Claim | undefined {
  return readableClaims(facts).find((claim) => claim.key === key)?.claim;
}

/**
 * Refuses a claim of another stack, since two programs would undo each other's changes, a claim that cannot be read,
 * and a claim at whose address there is another device now.
 */
export function judgeClaim(facts: HostFacts, key: string, owner: Owner): readonly Judgement[] {
  const claim = findClaim(facts, key);
  const unreadable = judgeUnreadable(facts, key);
  if (unreadable.length > 0) return unreadable;
  const theirs = [
    ...(claim && !isOwn(claim, owner) ? [{ key, claim }] : []),
    ...claimsBeside(facts, key).filter((other) => !isSameStack(other.claim, owner)),
  ];
  if (theirs.length > 0) return theirs.map((other) => judgeTheirs(other, owner));
  return claim ? movedDevices(facts, claim).map((moved) => judgeMoved(facts, moved)) : [];
}

/**
 * The token decides, since stacks and projects get other names, and two backends may have stacks of one name. A resource
 * that the state does not have yet takes over what the same stack made: it was renamed, or its run was cut off.
 */
function isOwn(claim: Claim, owner: Owner): boolean {
  if (owner.isDeployed) return owner.token === undefined || claim.token === owner.token;
  return isSameStack(claim, owner);
}

/** What is to be known when a new resource takes over what another of the same name made; nothing otherwise. */
export function cautionTakeover(facts: HostFacts, key: string, owner: Owner): readonly string[] {
  const claim = findClaim(facts, key);
  if (!claim || owner.isDeployed || !isSameStack(claim, owner) || claim.label !== owner.label) return [];
  return [
    `this stack made "${claim.label}" before, and its state does not have it: it is taken over. If another backend has a stack "${claim.stack}" of the project "${claim.project}", destroy one of the two first`,
  ];
}

function judgeTheirs({ key, claim }: KeyedClaim, owner: Owner): Judgement {
  const { project, stack, label } = claim;
  const target = parseKey(key)?.target;
  const release = target
    ? `release the device: "npx pulumi-pci-passthrough release <host> ${formatPciTarget(target)}"`
    : `remove its claim on the host: "rm ${quote(claimPath(key))}"`;
  if (isSameStack(claim, owner))
    return {
      guard: "claimed",
      evidence: `another state of the stack "${stack}" of the project "${project}" has taken it over (as "${label}"): does another backend have a stack of this name? Destroy it there, or give it up here with "pulumi state delete"`,
    };
  return {
    guard: "claimed",
    evidence: `the stack "${stack}" of the project "${project}" manages it (as "${label}"). Destroy it there first; if that stack no longer exists, ${release}`,
  };
}

/**
 * The other claims of the same kind, and for the same VM, with functions in common: that of a slot beside those of its
 * functions. One program cannot declare both, but one may follow the other under another name.
 */
export function claimsBeside(facts: HostFacts, key: string): readonly KeyedClaim[] {
  const own = parseKey(key);
  return readableClaims(facts).filter((other) => {
    const its = other.key === key ? undefined : parseKey(other.key);
    if (!own?.target || !its?.target || its.kind !== own.kind || its.vm !== own.vm) return false;
    return overlap(own.target, its.target);
  });
}

function judgeMoved(facts: HostFacts, { claimed, found }: MovedDevice): Judgement {
  return {
    guard: "identity",
    evidence: `${found.address} is ${found.identity.label} (${found.identity.id}) now, but this resource was created for another device: ${whereNow(facts, claimed)}. Declare its new address; what is at the old address is then left alone`,
  };
}

/** Refuses a claim that cannot be read: it may hold what is needed to restore a device, so neither is touched. */
export function judgeUnreadable(facts: HostFacts, key: string): readonly Judgement[] {
  const unreadable = facts.claims.flatMap((claim) =>
    "unreadable" in claim && claimPath(claim.key) === claimPath(key) ? [claim] : [],
  );
  return unreadable.map(({ unreadable: reading }) => ({
    guard: "claimed",
    evidence:
      reading.kind === "newer"
        ? `a newer version of pulumi-pci-passthrough manages it (its claim has version ${reading.version}). Upgrade the package`
        : `its claim on the host cannot be read (${reading.reason}), so the original state is not known. Check the file ${claimPath(key)}; if its contents may be lost, remove it`,
  }));
}

/**
 * What a claim records about functions, without their drivers. What an earlier version of the claim recorded is kept.
 */
export function claimedFunctions(claim: Claim | undefined, devices: readonly PciDevice[]): ClaimedFunction[] {
  return devices.map((device) => recorded(claim, device) ?? identityOf(device));
}

/**
 * The same with the driver to restore. An earlier record takes precedence, also that of a claim beside this one: the
 * function may be on the stub driver because of us.
 */
export function claimedDrivers(facts: HostFacts, key: string, devices: readonly PciDevice[]): ClaimedFunction[] {
  const claims = [findClaim(facts, key), ...claimsBeside(facts, key).map(({ claim }) => claim)];
  return devices.map((device) => {
    const [before] = claims.flatMap((claim) => recorded(claim, device) ?? []);
    return before ?? { ...identityOf(device), driver: device.driver ?? null };
  });
}

function recorded(claim: Claim | undefined, { address }: PciDevice): ClaimedFunction | undefined {
  return claim?.functions.find((claimed) => claimed.address === address);
}

function identityOf({ address, identity: { id, subsystem } }: PciDevice): ClaimedFunction {
  return { address, id, subsystem };
}

/** The step that writes these contents and the owner's token to a claim; none if the claim has them already. */
export function claimFor(
  facts: HostFacts,
  key: string,
  owner: Owner,
  contents: Omit<Claim, "version" | "token" | "project" | "stack" | "label" | "parents">,
): readonly Step[] {
  const before = findClaim(facts, key);
  const { project, stack, label, parents } = owner;
  const within = parents === "" ? {} : { parents };
  const token = owner.token ?? before?.token ?? "";
  const claim: Claim = { version: CLAIM_VERSION, token, project, stack, label, ...within, ...contents };
  return before && sameValue(before, claim) ? [] : [{ kind: "write-claim", key, before, claim }];
}

/**
 * The claim of the resource that has the owner's token and would have this key today; undefined when there is none. Its
 * own key may name the VM otherwise, since a VM may have got a uuid or another name.
 */
export function claimOfResource(facts: HostFacts, key: string, { token }: Owner): KeyedClaim | undefined {
  const withoutVm = (text: string) => JSON.stringify({ ...parseKey(text), vm: undefined });
  const claims = readableClaims(facts).filter(({ claim }) => claim.token === token);
  return claims.find((claim) => claim.key === key) ?? claims.find((claim) => withoutVm(claim.key) === withoutVm(key));
}

/**
 * The end of a declaration. `giveBack` drafts it from the claim, and leaves alone the functions at whose addresses
 * there are other devices now; where this owner has no claim, `withoutClaim` says so. A claim that cannot be read is
 * refused. `key`: the key that the declaration would have today.
 */
export function endClaim(
  facts: HostFacts,
  key: string,
  owner: Owner,
  withoutClaim: Part,
  giveBack: (claim: KeyedClaim, moved: ReadonlySet<PciAddress>) => Part,
): Part {
  const unreadable = judgeUnreadable(facts, key);
  if (unreadable.length > 0) return part({ judgements: unreadable });
  const keyed = claimOfResource(facts, key, owner);
  if (!keyed) return withoutClaim;
  const moved = movedDevices(facts, keyed.claim);
  const end = giveBack(keyed, new Set(moved.map(({ claimed }) => claimed.address)));
  return { ...end, effects: [...end.effects, ...moved.map((device) => leftAlone(facts, device))] };
}

function leftAlone(facts: HostFacts, { claimed, found }: MovedDevice): Effect {
  return neither(
    `${found.address} is left alone: it is ${found.identity.label} now, another device than the one that was claimed (${whereNow(facts, claimed)})`,
  );
}

/** The step that ends a claim. */
export function dropClaim(key: string, claim: Claim): Step {
  return { kind: "drop-claim", key, before: claim };
}

/** The step that lets later runs know that the removal of a boot change takes effect only when the host reboots. */
export function noteRemoval(facts: HostFacts, key: string, { project, stack }: Owner): Step {
  return { kind: "note-removal", removal: { version: 1, project, stack, key, bootId: facts.machine.bootId } };
}

/** The entries of all claims on the host. */
export function allEntries(facts: HostFacts): readonly ClaimEntry[] {
  return readableClaims(facts).flatMap(({ claim }) => claim.entries);
}

/** The VM configurations that claims of the owner's stack have entries in, and that these facts do not hold. */
export function vmFilesOf(facts: HostFacts, owner: OfStack): readonly string[] {
  const entries = readableClaims(facts).flatMap(({ claim }) => (isSameStack(claim, owner) ? claim.entries : []));
  return entriesOf(entries, "vm-file").flatMap(({ path }) => (facts.files.vmConfigPaths.includes(path) ? [] : [path]));
}

/** The entries of all claims but this one. */
export function otherEntries(facts: HostFacts, key: string): readonly ClaimEntry[] {
  return readableClaims(facts).flatMap((other) => (other.key === key ? [] : other.claim.entries));
}

/** Whether another claim has an entry in this file. */
function othersHaveEntriesIn(facts: HostFacts, key: string, path: string): boolean {
  return otherEntries(facts, key).some((entry) => standsIn(entry, path));
}

/** Whether to keep or forget the original text of a file; left alone while another claim has entries in the file. */
export function originalOf(
  facts: HostFacts,
  key: string,
  path: string,
  when: FileEdit["original"],
): FileEdit["original"] {
  return othersHaveEntriesIn(facts, key, path) ? "leave" : when;
}

/** Whether an AssignableDevice has claimed a function, which keeps it on its stub driver for all VMs. */
export function isClaimedAssignable(facts: HostFacts, address: PciDevice["address"]): boolean {
  return readableClaims(facts).some(
    ({ key, claim }) =>
      parseKey(key)?.kind === "AssignableDevice" && claim.functions.some((claimed) => claimed.address === address),
  );
}

/** The entries without duplicates; entries that differ only in `undo` are duplicates, and the first one is kept. */
export function distinctEntries(entries: readonly ClaimEntry[]): ClaimEntry[] {
  const placeOf = (entry: ClaimEntry) => JSON.stringify({ ...entry, undo: undefined });
  return entries.filter((entry, index) => entries.findIndex((other) => placeOf(other) === placeOf(entry)) === index);
}

/** Whether something that was noted on a host, such as a claim, is of the owner's stack. */
export function isSameStack(noted: OfStack, owner: OfStack): boolean {
  return noted.project === owner.project && noted.stack === owner.stack;
}

type OfStack = Pick<Owner, "project" | "stack">;
