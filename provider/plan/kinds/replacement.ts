import type { HostFacts } from "../../facts/host-facts";
import { findClaim } from "../claim";
import type { Plan } from "../plan";
import type { Owner, Wish } from "../wish";
import { keyOf, planAbsent } from "./kinds";

/**
 * The plan that takes back what a resource wanted before: the engine carries it out before it makes the successor.
 * Undefined where the resource stays the same, or has left nothing on the host. `owner` needs no token: preview knows
 * none, so the claim's own is used where the claim names this resource.
 */
export function planReplaced(facts: HostFacts, former: Wish, wish: Wish, owner: Owner): Plan | undefined {
  const key = keyOf(facts, former);
  if (key === undefined || key === keyOf(facts, wish)) return undefined;
  const claim = findClaim(facts, key);
  if (claim?.project !== owner.project || claim.stack !== owner.stack || claim.label !== owner.label) return undefined;
  return planAbsent(facts, former, { owner: { ...owner, token: claim.token }, program: [] });
}
