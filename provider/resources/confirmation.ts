import { setTimeout as delay } from "node:timers/promises";
import { ConnectionError } from "../errors";
import type { Host } from "../host/host";
import { confirmScript, readConfirmation } from "../script/confirmation-script";
import { RetryPace } from "./retry-pace";

/** An emulated host takes seconds for a login; the host itself decides when it is too late. */
const SCRIPT_MS = 30_000;

/** A trial that waits for its confirmation. */
interface WaitingTrial {
  readonly runId: string;
  /** How long the host waits. */
  readonly seconds: number;
  /** Aborted when the run has ended. */
  readonly signal: AbortSignal;
  /** Is told what else than silence kept an attempt from confirming, as a sentence without its stop. */
  readonly onFailure: (why: string) => void;
}

/**
 * Confirms the trial of a run, over a connection that is opened for it, and tries so for as long as the host waits.
 * Whether that came in time, the result of the run tells alone.
 */
export async function confirmTrial(
  connect: () => Promise<Host>,
  { runId, seconds, signal, onFailure }: WaitingTrial,
): Promise<void> {
  const giveUp = Date.now() + seconds * 1000;
  const pace = new RetryPace(1000);
  while (!signal.aborted) {
    const begun = Date.now();
    let failure: ConnectionError | undefined;
    try {
      const host = await connect();
      const { stdout } = await host.run(confirmScript(runId), { limitMs: SCRIPT_MS });
      const confirmation = readConfirmation(stdout);
      const took = (Date.now() - begun) / 1000;
      if (confirmation === "over" && took > seconds) onFailure(tooLate(took));
      if (confirmation !== "too-early") return;
    } catch (error) {
      if (!(error instanceof ConnectionError)) return;
      failure = error;
      if (!failure.unreached && failure.failure !== "cut") onFailure(failure.message);
    }
    const pause = pace.after(failure);
    if (Date.now() + pause > giveUp) return;
    await delay(pause, undefined, { signal }).catch(() => {});
  }
}

function tooLate(seconds: number): string {
  return `A new login took ${Math.round(seconds)} s; if it always does, set "safety.confirmSeconds" of the host to more`;
}
