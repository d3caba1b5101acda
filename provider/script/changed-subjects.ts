import type { Regeneration } from "../claims/run-record";
import type { Subject } from "../facts/answers";
import { REGENERATIONS } from "../steps/regeneration";
import { changedBy, type Step } from "../steps/steps";

/** What of the host an apply of these groups changes; each has claims, and the apply itself keeps a record beside them. */
export function subjectsOf(
  groups: readonly { readonly steps: readonly Step[]; readonly regenerate: readonly Regeneration[] }[],
): readonly Subject[] {
  const changed = groups.flatMap(({ steps, regenerate }): readonly Subject[] => [
    ...steps.flatMap((step) => changedBy(step)),
    ...regenerate.flatMap(({ what }) => REGENERATIONS[what].changes),
  ]);
  return [...new Set<Subject>(["claims", ...changed])];
}
