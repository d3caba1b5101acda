import type { Regeneration, RunRecord } from "../claims/run-record";
import { distinctRegenerations } from "../steps/regeneration";
import type { Step } from "../steps/steps";

/**
 * What an apply of these groups owes once it has begun; undefined when whatever a cut leaves shows in what it changes.
 * After its last claim has gone, nothing else tells that there is something to clear up.
 */
export function recordOf(
  groups: readonly { readonly steps: readonly Step[]; readonly regenerate: readonly Regeneration[] }[],
): RunRecord | undefined {
  const steps = groups.flatMap((group) => group.steps);
  const earlier = steps.flatMap((step) => (step.kind === "finish-run" ? [step.run.record] : []));
  const record: RunRecord = {
    version: 1,
    regenerate: distinctRegenerations([
      ...groups.flatMap(({ regenerate }) => regenerate),
      ...earlier.flatMap(({ regenerate }) => regenerate),
    ]),
    bootChanges: distinct([
      ...steps.flatMap((step) =>
        step.kind === "write-claim" && step.claim.bootChange !== step.before?.bootChange ? [step.key] : [],
      ),
      ...earlier.flatMap(({ bootChanges }) => bootChanges),
    ]),
    removals: [
      ...steps.flatMap((step) => (step.kind === "note-removal" ? [step.removal] : [])),
      ...earlier.flatMap(({ removals }) => removals),
    ],
    forget: distinct(steps.flatMap(forgottenBy)),
  };
  const isOwing = record.regenerate.length > 0 || record.forget.length > 0;
  return isOwing || steps.some(({ kind }) => kind === "drop-claim" || kind === "finish-run") ? record : undefined;
}

/** The files whose last entry of ours a step removes: the copies of their original texts go once the apply has succeeded. */
export function forgottenBy(step: Step): readonly string[] {
  switch (step.kind) {
    case "edit-file":
    case "edit-vm-file":
    case "set-dom0-argument":
      return step.original === "forget" ? [step.path] : [];
    case "finish-run":
      return step.forget;
    default:
      return [];
  }
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
