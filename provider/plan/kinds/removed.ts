import { type ClaimSubject, parseKey } from "../../claims/claim-key";
import { type KeyedClaim, readableClaims } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { overlap, type PciTarget } from "../../pci/address";
import { simulate } from "../../steps/steps";
import { isSameStack } from "../claim";
import type { HostInput } from "../inputs/host-input";
import type { Plan } from "../plan";
import type { DeclaredWish, Owner, Wish } from "../wish";
import { claimedWish } from "./claimed-wish";
import { keyOf, planAbsent } from "./kinds";
import { RANKS } from "./ranks";

/** What a stack has made on a host and no program declares any more. */
export interface Removed extends Pick<ClaimSubject, "kind"> {
  /** Its name when it was made. */
  readonly label: string;
  /** The stack that made it. */
  readonly owner: Owner;
  readonly wish: Wish;
  /** What takes it back. */
  readonly plan: Plan;
}

/**
 * What the stack has left on a host and the program does not declare any more, by the claims there, in the order in
 * which it is taken back. A declaration of the same kind that is not known yet may be each of them under another name:
 * then there is nothing to say.
 */
export function planRemoved(
  facts: HostFacts,
  own: Pick<Owner, "project" | "stack">,
  declared: readonly DeclaredWish[],
  host: HostInput,
): readonly Removed[] {
  return planTakenBack(facts, host, (subject, { key, claim }) => {
    const isDeclared = declared.some(
      ({ kind, label, wish }) =>
        kind === subject.kind && (label === claim.label || !wish || keyOf(facts, wish) === key),
    );
    return isSameStack(claim, own) && !isDeclared;
  });
}

/** What any stack has made for functions of a device, in the order in which it is taken back. */
export function planReleased(facts: HostFacts, device: PciTarget, host: HostInput): readonly Removed[] {
  return planTakenBack(facts, host, ({ target }) => target !== undefined && overlap(target, device));
}

function planTakenBack(
  facts: HostFacts,
  host: HostInput,
  isTaken: (subject: ClaimSubject, keyed: KeyedClaim) => boolean,
): readonly Removed[] {
  const left = readableClaims(facts).flatMap((keyed) => {
    const subject = parseKey(keyed.key);
    return subject && isTaken(subject, keyed) ? [{ subject, claim: keyed.claim }] : [];
  });
  const removed: Removed[] = [];
  let now = facts;
  for (const { subject, claim } of left.sort((a, b) => RANKS[b.subject.kind] - RANKS[a.subject.kind])) {
    const { project, stack, parents = "", label, token } = claim;
    const owner: Owner = { project, stack, parents, label, token, isDeployed: true };
    const wish = claimedWish(subject, host);
    const plan = planAbsent(now, wish, { owner, program: [] });
    if (plan.refusals.length === 0) now = simulate(now, plan.steps);
    removed.push({ kind: subject.kind, label, owner, wish, plan });
  }
  return removed;
}
