import type { Guard } from "./guards/guard-name";
import type { Part } from "./part";

/** Why a plan must not be carried out. */
export interface Refusal {
  /** The guard that refuses; undefined when the host cannot do it, whatever the program allows. */
  readonly guard: Guard | undefined;
  /** The reason with its evidence and what to do; follows "Unable to … on …: ". */
  readonly message: string;
}

/** What it takes to make a wish true on a host. The effects of a plan without steps say why there are none. */
export interface Plan extends Omit<Part, "entries" | "judgements"> {
  readonly refusals: readonly Refusal[];
  /** The guards that would refuse it, and that the program allows. */
  readonly overridden: readonly Guard[];
}

/** Whether a plan leaves the host as it is. */
export function isEmpty({ steps, regenerate, reboot }: Plan): boolean {
  return steps.length === 0 && regenerate.length === 0 && reboot === undefined;
}
