import { parseKey } from "../../claims/claim-key";
import { readableClaims } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { isSameStack } from "../claim";
import type { HostInput } from "../inputs/host-input";
import type { Plan } from "../plan";
import type { Owner, Wish } from "../wish";
import { claimedWish } from "./claimed-wish";
import { keyOf, madeOtherwise, planAbsent } from "./kinds";

/**
 * The plan that takes back what a resource wanted before, by its claim: the engine deletes a replaced resource before
 * it makes the successor. Undefined where nothing is replaced.
 */
export function planReplaced(facts: HostFacts, wish: Wish, owner: Owner, host: HostInput): Plan | undefined {
  const claimed = readableClaims(facts).filter(({ claim }) => claim.label === owner.label && isSameStack(claim, owner));
  const wanted = claimed.length > 0 ? keyOf(facts, wish) : undefined;
  if (wanted === undefined) return undefined;
  for (const { key, claim } of claimed) {
    const subject = parseKey(key);
    if (subject?.kind !== wish.kind) continue;
    const isOtherwise = madeOtherwise(claim, wish).length > 0;
    if (key === wanted && !isOtherwise) continue;
    const former = claimedWish(subject, host);
    // The VM may have got a uuid since.
    if (isOtherwise || keyOf(facts, former) !== wanted)
      return planAbsent(facts, former, { owner: { ...owner, token: claim.token }, program: [] });
  }
  return undefined;
}
