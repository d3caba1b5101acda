import { z } from "zod";
import { PassthroughError } from "../errors";
import type { Questions } from "../facts/answers";
import { type BootTrial, bootTrialOf } from "../facts/boot-trial";
import { connectionPool } from "../host/connection-pool";
import { planConfirmation } from "../plan/hide/boot-trial";
import { HostInput } from "../plan/inputs/host-input";
import { safetyOf } from "../plan/safety";
import type { Change } from "./change";
import { createHosts } from "./hosts";
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
export async function confirmBootOf(host: unknown): Promise<BootTrial> {
  const checked = HostInput.safeParse(host);
  if (!checked.success) throw new PassthroughError(`Unable to confirm the boot: ${z.prettifyError(checked.error)}`);
  const { data } = checked;
  try {
    return await confirmBoot(createHosts()(data), {
      questions: questionsOf(data, []),
      safety: safetyOf(data.safety, process.env),
      signal: undefined,
    });
  } finally {
    await connectionPool.closeAll();
  }
}
