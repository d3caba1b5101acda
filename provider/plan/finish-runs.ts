import { standsIn } from "../claims/claim-entry";
import type { Removal } from "../claims/removal";
import type { HostFacts } from "../facts/host-facts";
import type { UnfinishedRun } from "../facts/unfinished-runs";
import { distinctRegenerations, REGENERATIONS } from "../steps/regeneration";
import { type Step, simulate } from "../steps/steps";
import { allEntries, findClaim } from "./claim";
import { neither } from "./effect";
import { join, type Part, part } from "./part";

/** Those of the runs that were cut off that have no boot file to rebuild, only to clear up. */
export function withoutRegenerations(runs: readonly UnfinishedRun[]): readonly UnfinishedRun[] {
  return runs.filter(({ record }) => record.regenerate.length === 0);
}

/** Whether a run was cut off before it had rebuilt the boot files that it should. */
export function owesRegenerations({ unfinishedRuns }: HostFacts): boolean {
  return unfinishedRuns.some(({ record }) => record.regenerate.length > 0);
}

/**
 * A part that finishes these runs before its own steps: what they owe is rebuilt, whoever edited the sources. Their boot
 * changes count from this boot on, since a boot before the regeneration did not bring them about.
 */
export function finishRuns(facts: HostFacts, runs: readonly UnfinishedRun[], plan: (facts: HostFacts) => Part): Part {
  if (runs.length === 0) return plan(facts);
  const records = runs.map(({ record }) => record);
  const renewals = [
    ...[...new Set(records.flatMap(({ bootChanges }) => bootChanges))].flatMap((key) => renewBootChange(facts, key)),
    ...records.flatMap(({ removals }) => removals).flatMap((removal) => renewRemoval(facts, removal)),
  ];
  const own = plan(simulate(facts, renewals));
  const entries = allEntries(simulate(facts, [...renewals, ...own.steps]));
  const finish = runs.map((run): Step => {
    const forget = run.record.forget.filter((path) => !entries.some((entry) => standsIn(entry, path)));
    return { kind: "finish-run", run, forget };
  });
  const ends = own.regenerate.some(({ what }) => what === "boot-trial-end");
  const regenerate = distinctRegenerations(records.flatMap((record) => record.regenerate)).filter(
    ({ what }) => !(ends && what === "boot-trial"),
  );
  const owed = [...new Set(regenerate.map(({ what }) => REGENERATIONS[what].describe))];
  const effects =
    owed.length > 0
      ? owed.map((what) => `an earlier run was cut off before it could ${what}: this is done now`)
      : ["an earlier run was cut off before it had cleaned up: this is done now"];
  return {
    ...join(part({ regenerate, effects: effects.map(neither) }), own),
    steps: [...finish, ...joinClaims(renewals, own.steps)],
  };
}

function renewBootChange(facts: HostFacts, key: string): readonly Step[] {
  const before = findClaim(facts, key);
  const { bootId } = facts.machine;
  if (before?.bootChange === undefined || before.bootChange.startsWith(`${bootId}/`)) return [];
  return [{ kind: "write-claim", key, before, claim: { ...before, bootChange: `${bootId}/${before.token}` } }];
}

function renewRemoval(facts: HostFacts, noted: Removal): readonly Step[] {
  const { bootId } = facts.machine;
  const isThere = facts.removals.some((removal) => removal.key === noted.key && removal.bootId === bootId);
  return isThere ? [] : [{ kind: "note-removal", removal: { ...noted, bootId } }];
}

/** One step a claim, since an apply checks the assumptions of all steps before it performs the first. */
function joinClaims(renewals: readonly Step[], own: readonly Step[]): readonly Step[] {
  const renewalOf = (key: string) =>
    renewals.find((renewal): renewal is Step<"write-claim"> => renewal.kind === "write-claim" && renewal.key === key);
  const replaced = new Set(
    own.flatMap((step) => (step.kind === "write-claim" || step.kind === "drop-claim" ? [step.key] : [])),
  );
  return [
    ...renewals.filter((renewal) => renewal.kind !== "write-claim" || !replaced.has(renewal.key)),
    ...own.map((step): Step => {
      if (step.kind !== "write-claim" && step.kind !== "drop-claim") return step;
      const before = renewalOf(step.key)?.before;
      return before === undefined ? step : { ...step, before };
    }),
  ];
}
