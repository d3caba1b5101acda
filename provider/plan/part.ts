import type { ClaimEntry } from "../claims/claim-entry";
import type { Reboot } from "../steps/reboot";
import { distinctRegenerations, type Regeneration } from "../steps/regeneration";
import type { Step } from "../steps/steps";
import type { Judgement } from "./guard";

/** A part of a plan: what it does, what of it the claim keeps, what that means for people, and what speaks against it. */
export interface Part {
  readonly steps: readonly Step[];
  /** What is made anew from the files that the steps edit. */
  readonly regenerate: readonly Regeneration[];
  readonly entries: readonly ClaimEntry[];
  /** What the host and its VMs will feel, a line each. */
  readonly effects: readonly string[];
  readonly warnings: readonly string[];
  readonly judgements: readonly Judgement[];
  /** The host goes down after the steps. */
  readonly reboot: Reboot | undefined;
}

/** Does nothing, and says nothing. */
export const NOTHING: Part = {
  steps: [],
  regenerate: [],
  entries: [],
  effects: [],
  warnings: [],
  judgements: [],
  reboot: undefined,
};

/** A part of which only this is not empty. */
export function part(given: Partial<Part>): Part {
  return { ...NOTHING, ...given };
}

/** One part after the other. */
export function join(...parts: readonly Part[]): Part {
  return {
    steps: parts.flatMap(({ steps }) => steps),
    regenerate: distinctRegenerations(parts.flatMap(({ regenerate }) => regenerate)),
    entries: parts.flatMap(({ entries }) => entries),
    effects: parts.flatMap(({ effects }) => effects),
    warnings: parts.flatMap(({ warnings }) => warnings),
    judgements: parts.flatMap(({ judgements }) => judgements),
    reboot: parts.find(({ reboot }) => reboot !== undefined)?.reboot,
  };
}

/** Nothing is to be done, and this is why. */
export function unchanged(reason: string): Part {
  return part({ effects: [reason] });
}

/** Nothing can be done, whatever the program allows: `reason` follows "Unable to … on …: ". */
export function refuse(reason: string): Part {
  return part({ judgements: [{ guard: undefined, evidence: reason }] });
}
