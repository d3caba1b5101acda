import type { Questions } from "../facts/answers";
import { type BootTrial, bootTrialOf } from "../facts/boot-trial";
import { planConfirmation } from "../plan/hide/boot-trial";
import { safetyOf } from "../plan/safety";
import { withHost } from "./asked-host";
import type { Change } from "./change";
import { questionsOf } from "./questions";
import type { Managed } from "./wanted";

interface Confirming extends Pick<Change, "safety" | "signal"> {
  readonly questions: Questions;
}

/**
 * Confirms the boot that a host runs, if that is on trial. Gives where the host was before. Rejects with PassthroughError.
 */
export async function confirmBoot(host: Managed, { questions, safety, signal }: Confirming): Promise<BootTrial> {
  const found = bootTrialOf(await host.facts("work", questions));
  if (found !== "unconfirmed") return found;
  await host.apply({
    label: "confirm",
    purpose: "confirm the boot",
    device: undefined,
    safety,
    signal,
    plan: planConfirmation,
    progress: () => {},
  });
  return found;
}

/** Logs in to a host and confirms its boot; gives where the host was before. Throws PassthroughError, for bad input too. */
export function confirmBootOf(host: unknown): Promise<BootTrial> {
  return withHost(host, (asked, input) =>
    confirmBoot(asked, {
      questions: questionsOf(input, []),
      safety: safetyOf(input.safety, process.env),
      signal: undefined,
    }),
  );
}
