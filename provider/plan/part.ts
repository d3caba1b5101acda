import type { ClaimEntry } from "../claims/claim-entry";
import type { Regeneration } from "../claims/run-record";
import type { Reboot } from "../steps/reboot";
import { distinctRegenerations } from "../steps/regeneration";
import type { Step } from "../steps/steps";
import { type Effect, neither } from "./effect";
import type { Judgement } from "./guards/guards";
import type { Owner } from "./wish";

/** A part of a plan: what it does, what the claim records, what users are told, and what speaks against it. */
export interface Part {
  readonly steps: readonly Step[];
  /** What is rebuilt from the files that the steps edit. */
  readonly regenerate: readonly Regeneration[];
  /** What the claim records in order to undo the steps. */
  readonly entries: readonly ClaimEntry[];
  /** What changes for the host and its VMs. */
  readonly effects: readonly Effect[];
  readonly warnings: readonly string[];
  readonly judgements: readonly Judgement[];
  /** The reboot of the host after the steps; undefined when there is none. */
  readonly reboot: Reboot | undefined;
}

/** A part that does nothing and says nothing. */
export const NOTHING: Part = {
  steps: [],
  regenerate: [],
  entries: [],
  effects: [],
  warnings: [],
  judgements: [],
  reboot: undefined,
};

/** A part with the given fields; all others are empty. */
export function part(given: Partial<Part>): Part {
  return { ...NOTHING, ...given };
}

/** Parts joined in order; regenerations are deduplicated, and the first reboot is taken. */
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

/** A part without steps that tells the user why nothing is to be done. */
export function unchanged(reason: string): Part {
  return part({ effects: [neither(reason)] });
}

/** The same for what is as it should be: only for a resource that is new, and not in every later preview. */
export function saidOnce({ isDeployed }: Pick<Owner, "isDeployed">, reason: string): Part {
  return isDeployed ? NOTHING : unchanged(reason);
}

/** A part that refuses, whatever the program allows. `reason` follows "Unable to … on …: ". */
export function refuse(reason: string): Part {
  return part({ judgements: [{ guard: undefined, evidence: reason }] });
}
