import { type ErrorDetails, PassthroughError, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import type { Plan } from "../plan/plan";

/** One change that a resource makes to its host. */
export interface Change {
  /** The name of the resource in the program. */
  readonly label: string;
  /** What follows "Unable to" in errors: `make 0000:01:00.0 assignable`. */
  readonly purpose: string;
  /** The PCI function or slot; undefined when the change is about the host as a whole. */
  readonly device: string | undefined;
  /** Plans from the current facts; called again after the apply, when the plan must be empty. */
  readonly plan: (facts: HostFacts) => Plan;
  /** Called with what the host is doing during long operations. */
  readonly progress: (line: string) => void;
}

/** The error for a change that was not made, with its details as fields. */
export function changeError(
  { purpose, device }: Pick<Change, "purpose" | "device">,
  host: string,
  reason: string,
  details: Pick<ErrorDetails, "guard" | "step" | "output"> = {},
): PassthroughError {
  return new PassthroughError(unable({ purpose, host, reason }), { purpose, host, device, ...details });
}

/** All refusals of a plan as one error; undefined when there are none. */
export function refusalError(change: Change, host: string, { refusals }: Plan): PassthroughError | undefined {
  const [first] = refusals;
  if (!first) return undefined;
  const reason = refusals.map(({ message }) => message).join("\n");
  return changeError(change, host, reason, first.guard === undefined ? {} : { guard: first.guard });
}
