import { setTimeout as delay } from "node:timers/promises";
import { ConnectionError } from "../errors";
import { UnreadableFactsError } from "../facts/answers";
import { type HostFacts, readChangedFacts } from "../facts/host-facts";
import type { Host } from "../host/host";
import type { Plan } from "../plan/plan";
import { type ApplyResult, readApplyResult, readLeftResult } from "../script/apply-result";
import { subjectsOf } from "../script/changed-subjects";
import { resultScript } from "../script/opening-script";
import type { Decision, DialogueEnd } from "./dialogue";
import { RetryPace } from "./retry-pace";

/** What an apply came to. */
export interface ApplyEnd {
  readonly result: ApplyResult;
  /** The facts after it; undefined when the script did not get so far that it printed what it changed, or that is damaged. */
  readonly facts: HostFacts | undefined;
}

const RECONNECT_MS = 10 * 60_000;

/**
 * Reads how an apply of these plans ended. After a cut connection the host is asked once it can be
 * reached again, and so it is where the script was killed: a trial goes on without it. Throws ConnectionError when that
 * takes more than ten minutes.
 */
export async function readApplyEnd(
  connect: () => Promise<Host>,
  end: Extract<DialogueEnd<Decision>, { kind: "ended" | "cut" }>,
  plans: readonly Plan[],
): Promise<ApplyEnd> {
  if (end.kind === "ended") {
    const result = readApplyResult(end.printed, plans);
    if (result.kind !== "unfinished") return { result, facts: factsAfter(end.printed, plans, end.decision.facts) };
  }
  const { bootId } = end.decision.facts.machine;
  return { result: readLeftResult(await leftBy(connect, end.runId), bootId, plans), facts: undefined };
}

/** Damaged facts are no reason to lose the result before them: they are read once more. */
function factsAfter(printed: string, plans: readonly Plan[], before: HostFacts): HostFacts | undefined {
  try {
    return readChangedFacts(printed, subjectsOf(plans), before);
  } catch (error) {
    if (error instanceof UnreadableFactsError) return undefined;
    throw error;
  }
}

async function leftBy(connect: () => Promise<Host>, runId: string): Promise<string> {
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
