import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { fromBytes } from "../bytes";
import { ConnectionError } from "../errors";
import { type Questions, UnreadableFactsError } from "../facts/answers";
import { type HostFacts, readHostFacts } from "../facts/host-facts";
import type { Host } from "../host/host";
import type { Plan } from "../plan/plan";
import { type ApplyResult, readProgress } from "../script/apply-result";
import { type ApplyGroup, applyScript, resultScript } from "../script/apply-script";
import type { Change } from "./change";
import { RetryPace } from "./retry-pace";

/** A change with its plan for the current facts. */
export interface PlannedChange<C extends Change = Change> {
  readonly change: C;
  readonly plan: Plan;
}

/** How one apply ended. */
export interface ApplyOutcome {
  readonly result: ApplyResult;
  /** What the script's shell itself printed to stderr. */
  readonly said: string;
  /** The facts that the script printed at its end; undefined when it did not get that far, or they are damaged. */
  readonly facts: HostFacts | undefined;
}

const RECONNECT_MS = 10 * 60_000;

/**
 * Runs the steps of these plans as one script. Throws ConnectionError when the host cannot be reached again after a
 * cut.
 */
export async function runApply(
  connect: () => Promise<Host>,
  planned: readonly PlannedChange[],
  questions: Questions,
): Promise<ApplyOutcome> {
  const runId = randomUUID();
  const script = applyScript(runId, planned.map(groupOf), questions);
  const host = await connect();
  try {
    const { stdout, stderr } = await host.run(script.text, { onLine: (line) => tellProgress(line, planned) });
    const result = script.read(stdout);
    return { result, said: fromBytes(stderr).trim(), facts: result.kind === "ended" ? wholeFacts(stdout) : undefined };
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    // The script continues without the connection, and leaves its result in a file.
    return { result: script.read(await printedBy(connect, runId)), said: "", facts: undefined };
  }
}

/** Damaged facts are no reason to lose the result before them: they are read once more. */
function wholeFacts(printed: string): HostFacts | undefined {
  try {
    return readHostFacts(printed);
  } catch (error) {
    if (error instanceof UnreadableFactsError) return undefined;
    throw error;
  }
}

/** The group of a script that carries out one plan. */
export function groupOf({
  change,
  plan,
}: {
  readonly change: Pick<Change, "label" | "purpose">;
  readonly plan: Plan;
}): ApplyGroup {
  return { title: `${change.label}: ${change.purpose}`, steps: plan.steps, regenerate: plan.regenerate };
}

async function printedBy(connect: () => Promise<Host>, runId: string): Promise<string> {
  const giveUp = Date.now() + RECONNECT_MS;
  const pace = new RetryPace(2000);
  for (;;) {
    try {
      const host = await connect();
      return (await host.run(resultScript(runId))).stdout;
    } catch (error) {
      if (!(error instanceof ConnectionError) || error.failure === "too-much-output") throw error;
      const pause = pace.after(error);
      if (Date.now() + pause > giveUp) throw error;
      await delay(pause);
    }
  }
}

/** Reported once for all changes, because they are one script. */
function tellProgress(line: string, planned: readonly PlannedChange[]): void {
  const progress = readProgress(line);
  if (progress !== undefined) planned[0]?.change.progress(progress);
}
