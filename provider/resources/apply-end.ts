import { setTimeout as delay } from "node:timers/promises";
import { ConnectionError } from "../errors";
import { UnreadableFactsError } from "../facts/answers";
import { type HostFacts, readHostFacts } from "../facts/host-facts";
import type { Host } from "../host/host";
import { type AppliedSteps, type ApplyResult, readApplyResult, readLeftResult } from "../script/apply-result";
import { resultScript } from "../script/opening-script";
import type { Decision, DialogueEnd } from "./dialogue";
import { RetryPace } from "./retry-pace";

/** What an apply came to. */
export interface ApplyEnd {
  readonly result: ApplyResult;
  /** The facts that the script printed at its end; undefined when it did not get that far, or they are damaged. */
  readonly facts: HostFacts | undefined;
}

const RECONNECT_MS = 10 * 60_000;

/**
 * Reads how an apply ended that began in the boot with this id. After a cut connection the host is asked once it can be
 * reached again, and so it is where the script was killed: a trial goes on without it. Throws ConnectionError when that
 * takes more than ten minutes.
 */
export async function readApplyEnd(
  connect: () => Promise<Host>,
  end: Extract<DialogueEnd<Decision>, { kind: "ended" | "cut" }>,
  applied: AppliedSteps,
  bootId: string,
): Promise<ApplyEnd> {
  if (end.kind === "ended") {
    const result = readApplyResult(end.printed, applied);
    if (result.kind !== "unfinished") return { result, facts: wholeFacts(end.printed) };
  }
  return { result: readLeftResult(await leftBy(connect, end.runId), bootId, applied), facts: undefined };
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
