import { setTimeout as delay } from "node:timers/promises";
import { ConnectionError, PassthroughError } from "../errors";
import type { Host } from "../host/host";
import { type BootState, bootStateScript, readBootState } from "../script/reboot-script";
import type { Reboot } from "../steps/reboot";
import { RetryPace } from "./retry-pace";

/**
 * How often a rebooting host is polled, how long after a first refused login, and how often the user is told; in
 * milliseconds.
 */
export interface Pace {
  readonly askMs: number;
  readonly refusedMs: number;
  readonly tellMs: number;
}

/** A host that reboots: how to connect to it, and where to report progress. */
export interface RebootingHost {
  readonly connect: () => Promise<Host>;
  readonly progress: (line: string) => void;
}

const PACE: Pace = { askMs: 1000, refusedMs: 60_000, tellMs: 30_000 };

/** A host that is going down does not answer, and no other host needs long to say which boot it is in. */
const SILENCE_MS = 15_000;

/**
 * Waits until a host that was told to reboot is back and its boot is complete. Throws PassthroughError when that does not
 * happen within the step's time.
 */
export async function awaitReboot(host: RebootingHost, step: Reboot, pace = PACE): Promise<void> {
  const begun = Date.now();
  const seconds = () => Math.round((Date.now() - begun) / 1000);
  let told = begun;
  let seen: Seen = { kind: "silent", why: "it has not been asked yet" };
  host.progress(`it reboots, and has ${step.timeoutSeconds} s to come back`);
  const retry = new RetryPace(pace.askMs, pace.refusedMs);
  while (seconds() < step.timeoutSeconds) {
    await delay(retry.after(seen.kind === "silent" ? seen.failure : undefined));
    seen = await ask(host, step);
    if (seen.kind === "up" && seen.state.bootId !== step.bootId && seen.state.ready) {
      host.progress(`it is back after ${seconds()} s`);
      return;
    }
    if (Date.now() - told < pace.tellMs) continue;
    told = Date.now();
    host.progress(`${describe(seen, step)} after ${seconds()} s`);
  }
  throw new PassthroughError(
    `${describe(seen, step)} after ${step.timeoutSeconds} s. Check its console; when it is up again, run "pulumi up": a host that was rebooted is not rebooted again. Raise timeoutSeconds if it needs more time`,
  );
}

type Seen =
  | { readonly kind: "silent"; readonly why: string; readonly failure?: ConnectionError }
  | { readonly kind: "up"; readonly state: BootState };

function describe(seen: Seen, { bootId }: Reboot): string {
  if (seen.kind === "silent") return `it does not answer (${seen.why.split("\n")[0]})`;
  return seen.state.bootId === bootId ? "it has not gone down" : "it is up, but its boot is not complete";
}

async function ask({ connect }: RebootingHost, step: Reboot): Promise<Seen> {
  try {
    const host = await connect();
    const { stdout } = await host.run(bootStateScript(step), { silenceMs: SILENCE_MS });
    const state = readBootState(stdout);
    return state ? { kind: "up", state } : { kind: "silent", why: "its answer was incomplete" };
  } catch (error) {
    // A changed host key or a rejected login would never recover, but a booting host can cause many kinds of failures.
    if (error instanceof ConnectionError) return { kind: "silent", why: error.message, failure: error };
    throw error;
  }
}
