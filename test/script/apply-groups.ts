import type { Regeneration } from "../../provider/claims/run-record";
import { type ApplyResult, readApplyResult } from "../../provider/script/apply-result";
import { type ApplyGroup, applyScript } from "../../provider/script/apply-script";
import { openingScript } from "../../provider/script/opening-script";
import type { Trial } from "../../provider/script/trial";
import type { Step } from "../../provider/steps/steps";

/** Nothing but what every host is asked. */
export const QUESTIONS = { vmConfigPaths: [], libvirt: false };

/** The steps of one resource, and what is made anew after them. */
export function group(...parts: readonly (Step | Regeneration)[]): ApplyGroup {
  return {
    title: "nic: test",
    steps: parts.filter((part) => "kind" in part),
    regenerate: parts.filter((part) => "what" in part),
  };
}

interface Script {
  readonly opening: string;
  readonly rest: string;
  readonly text: string;
  readonly read: (printed: string) => ApplyResult;
}

/**
 * An apply of these groups, without the facts: its two parts, both as one script that asks for nothing, and the reader of
 * its result.
 */
export function scriptOf(...groups: readonly ApplyGroup[]): Script {
  return scriptOnTrial(undefined, ...groups);
}

/** The same, taken back unless it is confirmed. */
export function scriptOnTrial(trial: Trial | undefined, ...groups: readonly ApplyGroup[]): Script {
  const opening = openingScript("run-1", QUESTIONS).replace(/^ {4}facts$/m, "    :");
  const rest = applyScript("run-1", groups, trial);
  const text = opening.replace(/^receive .*$/m, "tell '@apply begin'") + rest;
  return { opening, rest, text, read: (printed) => readApplyResult(printed, groups) };
}
