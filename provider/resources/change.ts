import { type ErrorDetails, PassthroughError, sentence, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import type { Plan, Refusal } from "../plan/plan";
import type { Safety } from "../plan/safety";
import type { GroupResult } from "../script/apply-result";

/** One change that a resource makes to its host. */
export interface Change {
  /** The name of the resource in the program. */
  readonly label: string;
  /** What follows "Unable to" in errors: `make 0000:01:00.0 assignable`. */
  readonly purpose: string;
  /** The PCI function or slot; undefined when the change is about the host as a whole. */
  readonly device: string | undefined;
  /** When it must be confirmed. */
  readonly safety: Safety;
  /** Plans from the current facts; called again after the apply, when the plan must be empty. */
  readonly plan: (facts: HostFacts) => Plan;
  /** Called with what the host is doing during long operations. */
  readonly progress: (line: string) => void;
  /** Ends it while the host was not told to act; undefined where nobody can. */
  readonly signal: AbortSignal | undefined;
}

/** A change that somebody waits for; `resolve` takes the facts after it. */
export interface WaitingChange extends Change {
  readonly resolve: (facts: HostFacts) => void;
  readonly reject: (error: Error) => void;
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

/** The error for a change that these refusals keep from the host. */
export function refusalError(change: Change, host: string, refusals: readonly Refusal[]): PassthroughError {
  const reason = refusals.map(({ message }) => sentence(message)).join("\n");
  const guard = refusals[0]?.guard;
  return changeError(change, host, reason, guard === undefined ? {} : { guard });
}

/** What is known of a trial that nobody confirmed. */
export interface Unconfirmed {
  /** What the host lost by the apply: `0000:03:00.0 left e1000e`. */
  readonly left: readonly string[];
  readonly confirmSeconds: number;
  /** What else than silence kept the last attempt from confirming it, as a sentence without its stop. */
  readonly why: string | undefined;
}

/** The error for a change that the host took back because nobody confirmed it. */
export function unconfirmedError(
  change: Change,
  host: string,
  { notUndone }: Extract<GroupResult, { kind: "unconfirmed" }>,
  { left, confirmSeconds, why }: Unconfirmed,
): PassthroughError {
  const [after, advice] =
    left.length > 0
      ? [`after ${left.join(" and ")}`, "Choose another device, or another way to the host"]
      : ["after the change", "Find out why no new login got through, then try again"];
  const kept = notUndone.map((undo) => undo.output || undo.step).join("; ");
  const back =
    kept === ""
      ? `it took the change back by itself after ${confirmSeconds} s`
      : `it took the change back by itself after ${confirmSeconds} s, but not all of it (${kept}): check the host before you go on`;
  const reason = `the host could not be reached ${after}; ${back}`;
  return changeError(change, host, `${reason}. ${why ?? advice}`);
}

/** The error for a change whose steps did not come to their end; `result` is undefined where the host told nothing. */
export function groupError(
  change: Change,
  host: string,
  result: Exclude<GroupResult, { kind: "unconfirmed" }> | undefined,
): PassthroughError {
  switch (result?.kind) {
    case "failed": {
      const { step, output, notUndone } = result;
      const left = notUndone.map((undo) => undo.output || undo.step).join("; ");
      const undone =
        left === ""
          ? "All steps were undone: fix the cause on the host, then try again"
          : `Undoing it failed too (${left}): check the host before you go on`;
      const reason = `could not ${step}. The host said: ${output || "nothing"}. ${undone}`;
      return changeError(change, host, reason, { step, output });
    }
    case "unknown": {
      const { step, output } = result;
      const reason = `it is not known whether the host could ${step}: the command did not end in time and may still be running. The host said: ${output || "nothing"}. Nothing was undone. Run "pulumi up" again when the host is idle: it continues from the state that it finds`;
      return changeError(change, host, reason, { step, output });
    }
    default: {
      const reason =
        'it is not known how far this got: the host went down, or the script was killed before it ended. Run "pulumi up" again when the host is back: it continues from the state that it finds';
      return changeError(change, host, reason);
    }
  }
}
