import { type Claim, claimPath, type KeyedClaim } from "../facts/claims";
import type { HostFacts } from "../facts/host-facts";
import { formatPciTarget } from "../pci/address";
import { quote } from "../shell";
import type { Step } from "../steps/step";
import type { Refusal } from "./plan";
import type { Owner, Wish } from "./wish";

/** The id of a wish on its machine: `HostReboot`, `AssignableDevice/0000:01:00.0`, `VmPciAttachment/0000:01:00.0/<vm uuid or name>`. */
export function claimKey(wish: Wish, vmKey?: string): string {
  const device = "target" in wish ? [formatPciTarget(wish.target)] : [];
  const vm = vmKey === undefined ? [] : [encodeURIComponent(vmKey)];
  return [wish.kind, ...device, ...vm].join("/");
}

export function findClaim(facts: HostFacts, key: string): Claim | undefined {
  return facts.claims.find((one) => one.key === key)?.claim;
}

/** Another stack's claim is never taken over: two programs would undo each other. */
export function refuseForeignClaim(facts: HostFacts, key: string, owner: Owner): readonly Refusal[] {
  const claim = findClaim(facts, key);
  if (!claim || isSameStack(claim, owner)) return [];
  return [
    {
      guard: "claimed",
      message: `the stack "${claim.stack}" of the project "${claim.project}" manages it (as "${claim.label}"). Destroy it there first; if that stack is gone for ever, remove its claim on the host: rm ${quote(claimPath(key))}`,
    },
  ];
}

/** The claim of this wish with the owner's token; what was there before us stays as an earlier claim of the same stack has it. */
export function claimFor(
  facts: HostFacts,
  key: string,
  owner: Owner,
  found: Omit<Claim, "version" | "token" | "project" | "stack" | "label" | "kind">,
): { readonly claim: Claim; readonly steps: readonly Step[] } {
  const before = findClaim(facts, key);
  const claim: Claim = {
    version: 1,
    token: owner.token ?? before?.token ?? "",
    project: owner.project,
    stack: owner.stack,
    label: owner.label,
    kind: key.split("/")[0] ?? key,
    ...found,
  };
  return { claim, steps: sameClaim(before, claim) ? [] : [{ kind: "write-claim", key, before, claim }] };
}

/** The claim that a delete may act on: ours, with the token of the resource that is deleted. */
export function claimToGiveBack(facts: HostFacts, key: string, owner: Owner): Claim | undefined {
  const claim = findClaim(facts, key);
  return claim?.token === owner.token ? claim : undefined;
}

/** Whether another claim still has an entry in this file. */
export function othersHaveEntriesIn(facts: HostFacts, key: string, path: string): boolean {
  return facts.claims.some(
    (one: KeyedClaim) => one.key !== key && one.claim.entries.some((entry) => entry.path === path),
  );
}

function isSameStack(claim: Claim, owner: Owner): boolean {
  return claim.project === owner.project && claim.stack === owner.stack;
}

function sameClaim(a: Claim | undefined, b: Claim): boolean {
  return a !== undefined && JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(claim: Claim): unknown {
  return Object.entries(claim)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => a.localeCompare(b));
}
