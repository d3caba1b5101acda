import type { HostFacts } from "../facts/host-facts";
import { takenBy } from "../steps/steps";
import type { Plan } from "./plan";

/** When an apply is on trial: always, when the host loses a function at once, or never unless a guard is overridden. */
export const CONFIRM_MODES = ["always", "when-taking", "never"] as const;

/** When changes of a host must be confirmed, and how long it waits for that. */
export interface Safety {
  /** `off`: never, not even where a guard is overridden. */
  readonly confirm: (typeof CONFIRM_MODES)[number] | "off";
  readonly confirmSeconds: number;
}

const DEFAULT_SAFETY: Safety = { confirm: "when-taking", confirmSeconds: 60 };

/** What counts for a host: its input `safety`, and the environment variable that is for who knows better. */
export function safetyOf(
  input:
    | { readonly confirm?: (typeof CONFIRM_MODES)[number] | undefined; readonly confirmSeconds?: number | undefined }
    | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Safety {
  const { confirm = DEFAULT_SAFETY.confirm, confirmSeconds = DEFAULT_SAFETY.confirmSeconds } = input ?? {};
  return { confirm: env.PCI_PASSTHROUGH_CONFIRM === "never" ? "off" : confirm, confirmSeconds };
}

/**
 * Whether the host takes these steps back unless they are confirmed. Where `allow` overrides a guard it does, whatever its
 * safety says: what the guard warns of may be about to happen. Only the environment variable is stronger.
 */
export function isOnTrial({ steps, overridden }: Pick<Plan, "steps" | "overridden">, { confirm }: Safety): boolean {
  const takesNow = steps.some((step) => takenBy(step).some(({ when }) => when === "now"));
  switch (confirm) {
    case "off":
      return false;
    case "never":
      return takesNow && overridden.length > 0;
    case "when-taking":
      return takesNow;
    case "always":
      return steps.length > 0;
  }
}

/** What a plan on trial means for this host, for people. */
export function trialEffect({ confirmSeconds }: Safety, { machine }: Pick<HostFacts, "machine">): string {
  const effect = `if the host cannot be reached after this, it takes the change back by itself after ${confirmSeconds} s`;
  return machine.hasSetsid ? effect : `${effect}, unless the end of the login ends that too: it has no setsid`;
}
