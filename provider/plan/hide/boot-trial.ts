import { TRIAL_ENVIRONMENT } from "../../boot/boot-trial-files";
import type { Regeneration } from "../../claims/run-record";
import { bootTrialOf } from "../../facts/boot-trial";
import { readableClaims } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { type Step, simulate } from "../../steps/steps";
import { armedTitle, bootReturnOf } from "../boot-return";
import { neither } from "../effect";
import { join, NOTHING, type Part, part } from "../part";
import type { Plan } from "../plan";
import type { TrialBoot } from "../trial-boot";
import { waitsToBegin } from "./boot-changes";

const GOES_BACK = "a boot that fails goes back by itself";

const NO_WAY_BACK = "a boot that fails does not go back by itself";
const NO_LOADER = "this host's boot loader cannot go back by itself";
const CONSOLE = "have a console at hand";

/** What became of a host whose boot on trial has failed. */
export const WENT_BACK = "the host did not come up with the new boot and went back to the old one";

/** What a person does then. */
export const TAKE_BACK = 'Remove the last boot change from the program and run "pulumi up": that takes it back';

/** What refuses a boot change then, and fails the reboot. */
export const FAILED_BOOT = `${WENT_BACK}. ${TAKE_BACK}`;

/**
 * How a change of the boot is undone by booting the old entry: whether that alone brings the old boot back, or the name of
 * the mechanism that takes effect in the old boot too.
 */
export type UndoneBy = { readonly kind: "old-entry" } | { readonly kind: "nothing"; readonly mechanism: string };

/** A part that changes how the host boots, with what puts the next boot on trial, and the line that says so. */
export function putOnTrial(facts: HostFacts, draft: Part, trial: TrialBoot, undone: UndoneBy): Part {
  const line = (text: string): Part => ({ ...draft, effects: [...draft.effects, neither(text)] });
  const able = bootReturnOf(facts);
  if (able.kind === "none") return line(`${CONSOLE}: ${NO_LOADER} (${able.reason})`);
  if (trial.mode === "never") return line(`${CONSOLE}: ${NO_WAY_BACK} (safety.trialBoot is "never")`);
  if (undone.kind === "nothing")
    return line(
      `${CONSOLE}: ${NO_WAY_BACK}, because what the mechanism "${undone.mechanism}" writes takes effect in the old boot too`,
    );
  const { config, entry } = able;
  const environment =
    bootTrialOf(facts) === "none" ? { text: facts.files.byPath.get(TRIAL_ENVIRONMENT)?.text } : "held";
  // In one apply each change holds the old boot for itself, since another that does so may be undone.
  const hold: readonly Step[] = armedTitle(facts) ? [] : [{ kind: "hold-boot", config, entry, environment }];
  return {
    ...draft,
    steps: [...hold, ...draft.steps],
    regenerate: [...draft.regenerate, { what: "boot-trial", title: entry.title, seconds: trial.seconds }],
    effects: [...draft.effects, neither(GOES_BACK)],
  };
}

/**
 * What becomes of the trial when a boot change is taken back whose claim has this key: it ends with the last one that waits
 * for a boot. `regenerates`: whether boot files are rebuilt for the removal.
 */
export function trialAfterRemoval(
  facts: HostFacts,
  key: string,
  trial: TrialBoot,
  regenerates: boolean,
): readonly Regeneration[] {
  const state = bootTrialOf(facts);
  const isOwed = facts.unfinishedRuns.some(({ record }) => record.regenerate.some(({ what }) => what === "boot-trial"));
  if (state === "none" && !isOwed) return [];
  const others = readableClaims(facts).filter((other) => other.key !== key);
  const isLast = others.every(
    ({ key, claim }) => claim.bootChange === undefined || waitsToBegin(facts, key).length === 0,
  );
  if (isLast) return [{ what: "boot-trial-end" }];
  const able = bootReturnOf(facts);
  return state === "armed" && regenerates && able.kind === "grub"
    ? [{ what: "boot-trial", title: able.entry.title, seconds: trial.seconds }]
    : [];
}

/** What becomes of the next boot if it fails, for people. */
export function nextBootLine(facts: HostFacts): string {
  if (bootTrialOf(facts) === "armed") return GOES_BACK;
  return `${CONSOLE}: ${bootReturnOf(facts).kind === "none" ? NO_LOADER : NO_WAY_BACK}`;
}

/** A part that first confirms the boot, where the host runs one on trial: whoever plans this was let in from outside. */
export function confirmFirst(facts: HostFacts, plan: (facts: HostFacts) => Part): Part {
  if (bootTrialOf(facts) !== "unconfirmed") return plan(facts);
  const step: Step = { kind: "confirm-boot" };
  const confirmed = part({ steps: [step], effects: [neither("the boot on trial is confirmed: the host keeps it")] });
  return join(confirmed, plan(simulate(facts, [step])));
}

/** Plans the confirmation of a boot alone; an empty plan where none is on trial. */
export function planConfirmation(facts: HostFacts): Plan {
  const { entries: _, judgements: __, ...rest } = confirmFirst(facts, () => NOTHING);
  return { ...rest, refusals: [], overridden: [] };
}
