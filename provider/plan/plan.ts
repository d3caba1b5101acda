import type { Step } from "../steps/step";
import type { Guard } from "./guard";

/** Why a plan must not be carried out. */
export interface Refusal {
  /** The guard that refuses, when it is one that `allow` can name. */
  readonly guard: Guard | undefined;
  /** What stands in the way, with the evidence and what to do: follows "Unable to … on …: ". */
  readonly message: string;
}

/** What it takes to make a wish true on a host; an empty plan carries its reason. */
export interface Plan {
  readonly steps: readonly Step[];
  /** What the host and its VMs will feel, a line each. */
  readonly effects: readonly string[];
  readonly warnings: readonly string[];
  readonly refusals: readonly Refusal[];
}

export function emptyPlan(reason: string): Plan {
  return { steps: [], effects: [reason], warnings: [], refusals: [] };
}

export function refusedPlan(message: string, guard?: Guard): Plan {
  return { steps: [], effects: [], warnings: [], refusals: [{ guard, message }] };
}
