import type { Regeneration } from "../../provider/claims/run-record";
import { type ApplyGroup, type ApplyScript, applyScript } from "../../provider/script/apply-script";
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

/** An apply of these groups. */
export function scriptOf(...groups: readonly ApplyGroup[]): ApplyScript {
  return applyScript("run-1", groups, QUESTIONS);
}
