import { type ErrorDetails, PassthroughError, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import type { Plan } from "../plan/plan";

/** One change that a resource asks of its host. */
export interface Change {
  /** The name of the resource in the program. */
  readonly label: string;
  /** How errors begin: `make 0000:01:00.0 assignable`. */
  readonly purpose: string;
  /** Undefined where it is about the host as a whole. */
  readonly device: string | undefined;
  /** Made anew from the facts of the moment, and again after the apply, when it must be empty. */
  readonly plan: (facts: HostFacts) => Plan;
  /** Told now and then what the host does, while that takes long. */
  readonly progress: (line: string) => void;
}

/** Why a change was not made, with what is known of it as fields. */
export function changeError(
  { purpose, device }: Pick<Change, "purpose" | "device">,
  host: string,
  reason: string,
  details: Pick<ErrorDetails, "guard" | "step" | "output"> = {},
): PassthroughError {
  return new PassthroughError(unable({ purpose, host, reason }), { purpose, host, device, ...details });
}

/** All that refuses a plan, as one error; undefined where nothing does. */
export function refusalError(change: Change, host: string, { refusals }: Plan): PassthroughError | undefined {
  const [first] = refusals;
  if (!first) return undefined;
  const reason = refusals.map(({ message }) => message).join("\n");
  return changeError(change, host, reason, first.guard === undefined ? {} : { guard: first.guard });
}
