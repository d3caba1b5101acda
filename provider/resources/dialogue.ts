import { randomUUID } from "node:crypto";
import { fromBytes } from "../bytes";
import { ConnectionError, unable } from "../errors";
import { type Questions, UnreadableFactsError } from "../facts/answers";
import { type HostFacts, readHostFacts } from "../facts/host-facts";
import type { Host } from "../host/host";
import {
  type Locking,
  type OpeningFailure,
  openingScript,
  readOpeningFailure,
  WAITING,
} from "../script/opening-script";
import { FACTS_SECONDS } from "../script/within";

/** What is decided on facts that were read under the lock. */
export interface Decision {
  readonly facts: HostFacts;
  /** The rest of the script; undefined when there is nothing to do. */
  readonly rest: string | undefined;
}

/** The side of a dialogue that decides. */
export interface Decider<D extends Decision> {
  /** The host waits meanwhile. Called again when the connection was cut before anything was sent. */
  readonly decide: (facts: HostFacts, runId: string) => D | Promise<D>;
  readonly onLine: (line: string, runId: string) => void;
}

/** Why nothing of a script was run, and what to do now. */
export interface NotBegun {
  readonly why: string;
  readonly advice: string;
}

/** How a dialogue with a host ended. */
export type DialogueEnd<D extends Decision> =
  /** Nothing of the rest was run. */
  | ({ readonly kind: "not-begun" } & NotBegun)
  /** There was nothing to do. */
  | { readonly kind: "nothing-to-do"; readonly decision: D }
  /** The rest was run. `printed` is what it printed, `said` what its shell itself said. */
  | {
      readonly kind: "ended";
      readonly decision: D;
      readonly runId: string;
      readonly printed: string;
      readonly said: string;
      readonly exitCode: number | null;
    }
  /** The connection or the script ended after the rest was sent: only the host knows how the run with this id ended. */
  | { readonly kind: "cut"; readonly decision: D; readonly runId: string };

/** How a dialogue is opened. */
export interface Opening {
  readonly questions: Questions;
  readonly locking: Locking;
}

/** Five minutes as for facts alone, after a quarter of an hour for the lock. */
const OPENING_MS: Readonly<Record<Locking, number>> = { wait: 20 * 60_000, "if-free": 5 * 60_000 };

/** The rest of the script did not arrive whole, or too late. */
export const CALLED_OFF: NotBegun = {
  why: "the host waited for the rest of its script, and it did not arrive in time",
  advice: "try again",
};

/**
 * Reads the facts of a host under its lock, and has it run what they call for, all in one connection: from the first
 * fact to the last step nobody else changes the host. Throws ConnectionError when nothing was changed because the host
 * cannot be reached, or hangs while it is read for changes that are to come, and UnreadableFactsError.
 */
export async function converse<D extends Decision>(
  connect: () => Promise<Host>,
  opening: Opening,
  decider: Decider<D>,
): Promise<DialogueEnd<D>> {
  try {
    return await converseOnce(connect, opening, decider);
  } catch (error) {
    // Nothing was sent yet, so it is simply begun once more.
    if (!(error instanceof ConnectionError && error.failure === "cut")) throw error;
    return converseOnce(connect, opening, decider);
  }
}

async function converseOnce<D extends Decision>(
  connect: () => Promise<Host>,
  { questions, locking }: Opening,
  { decide, onLine }: Decider<D>,
): Promise<DialogueEnd<D>> {
  const runId = randomUUID();
  const host = await connect();
  const decisions: D[] = [];
  const reply = async (printed: string): Promise<string> => {
    const decision = await decide(readFacts(host.name, printed), runId);
    decisions.push(decision);
    return decision.rest ?? "";
  };
  try {
    const { stdout, stderr, exitCode } = await host.run(openingScript(runId, questions, locking), {
      conversation: { until: WAITING, reply },
      limitMs: OPENING_MS[locking],
      onLine: (line) => onLine(line, runId),
    });
    const [decision] = decisions;
    if (!decision) {
      const failure = readOpeningFailure(stdout);
      const end = notBegun(failure, stderr);
      // Read without the lock, the host would hang as long once more.
      if (failure.kind === "facts-late" && locking === "if-free") throw unreadable(host.name, end);
      return { kind: "not-begun", ...end };
    }
    if (decision.rest === undefined) return { kind: "nothing-to-do", decision };
    const begun = /^@apply begin$/m.exec(stdout);
    if (!begun && /^@apply called-off$/m.test(stdout)) return { kind: "not-begun", ...CALLED_OFF };
    if (!begun && /^@apply unable$/m.test(stdout))
      return { kind: "not-begun", ...notBegun({ kind: "unable" }, stderr) };
    // Of a script that was killed, what it printed last may be lost.
    if (!begun) return { kind: "cut", decision, runId };
    const printed = stdout.slice(begun.index);
    return { kind: "ended", decision, runId, printed, said: fromBytes(stderr).trim(), exitCode };
  } catch (error) {
    const [decision] = decisions;
    if (!(error instanceof ConnectionError) || decision?.rest === undefined) throw error;
    return { kind: "cut", decision, runId };
  }
}

/** Reads facts that this host printed; throws UnreadableFactsError with its name. */
export function readFacts(host: string, printed: string): HostFacts {
  try {
    return readHostFacts(printed);
  } catch (error) {
    if (!(error instanceof UnreadableFactsError)) throw error;
    const purpose = `read the state of ${host}`;
    throw new UnreadableFactsError(unable({ purpose, reason: error.message }), { purpose, host, cause: error });
  }
}

function unreadable(host: string, { why, advice }: NotBegun): ConnectionError {
  const purpose = `read the state of ${host}`;
  const reason = `${why}. Nothing was changed; ${advice}`;
  return new ConnectionError("no-answer", unable({ purpose, reason }), { purpose, host });
}

function notBegun(failure: OpeningFailure, stderr: string): NotBegun {
  switch (failure.kind) {
    case "busy":
      return {
        why: "another run has held the host's lock for a quarter of an hour",
        advice: "try again when that run has ended",
      };
    case "going-down":
      return {
        why: `the host is going down for a reboot that ${fromBytes(failure.askedBy)} asked for`,
        advice: 'run "pulumi up" again when it is back',
      };
    case "facts-late":
      return {
        why: `the host did not say within ${FACTS_SECONDS} s what it has`,
        advice: 'look for what hangs there, such as a file system whose server is away (state D in "ps ax")',
      };
    case "unable": {
      const words = fromBytes(stderr).trim();
      return {
        why: `the host could not start the script${words ? `, and said: ${words}` : ""}`,
        advice: "fix that and try again",
      };
    }
  }
}
