import { setTimeout as delay } from "node:timers/promises";
import { ConnectionError } from "../errors";
import type { Host } from "../host/host";
import { confirmScript, readConfirmation } from "../script/trial";
import { RetryPace } from "./retry-pace";

/** An emulated host takes seconds for a login; the host itself decides when it is too late. */
const SCRIPT_MS = 30_000;

/**
 * Confirms the trial of a run, over a connection that is opened for it, and tries so for as long as the host waits and
 * until `signal` says that the run has ended. Whether that came in time, the result of the run tells alone.
 */
export async function confirmTrial(
  connect: () => Promise<Host>,
  { runId, seconds, signal }: { readonly runId: string; readonly seconds: number; readonly signal: AbortSignal },
): Promise<void> {
  const giveUp = Date.now() + seconds * 1000;
  const pace = new RetryPace(1000);
  while (!signal.aborted) {
    let failure: ConnectionError | undefined;
    try {
      const host = await connect();
      const { stdout } = await host.run(confirmScript(runId), { limitMs: SCRIPT_MS });
      if (readConfirmation(stdout) !== "too-early") return;
    } catch (error) {
      if (!(error instanceof ConnectionError)) return;
      failure = error;
    }
    const pause = pace.after(failure);
    if (Date.now() + pause > giveUp) return;
    await delay(pause, undefined, { signal }).catch(() => {});
  }
}
