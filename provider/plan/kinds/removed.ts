import { parseKey, type ResourceKind } from "../../claims/claim-key";
import { readableClaims } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { simulate } from "../../steps/steps";
import { isSameStack } from "../claim";
import type { HostInput } from "../inputs/host-input";
import type { Plan } from "../plan";
import type { DeclaredWish, Owner } from "../wish";
import { claimedWish } from "./claimed-wish";
import { keyOf, planAbsent } from "./kinds";
import { RANKS } from "./ranks";

/** A resource of the stack that the program no longer declares. */
export interface Removed {
  readonly kind: ResourceKind;
  /** Its name when it was made. */
  readonly label: string;
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
  const left = readableClaims(facts).flatMap(({ key, claim }) => {
    const subject = parseKey(key);
    if (!subject || !isSameStack(claim, own)) return [];
    const isDeclared = declared.some(
      ({ kind, label, wish }) =>
        kind === subject.kind && (label === claim.label || !wish || keyOf(facts, wish) === key),
    );
    return isDeclared ? [] : [{ subject, claim }];
  });
  const removed: Removed[] = [];
  let now = facts;
  for (const { subject, claim } of left.sort((a, b) => RANKS[b.subject.kind] - RANKS[a.subject.kind])) {
    const { project, stack, label, token } = claim;
    const owner: Owner = { project, stack, label, token, isDeployed: true };
    const plan = planAbsent(now, claimedWish(subject, host), { owner, program: [] });
    if (plan.refusals.length === 0) now = simulate(now, plan.steps);
    removed.push({ kind: subject.kind, label, plan });
  }
  return removed;
}
