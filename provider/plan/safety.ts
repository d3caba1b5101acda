import { takenBy } from "../steps/steps";
import type { Plan } from "./plan";

/** When an apply is on trial: always, when the host loses a function at once, or never. */
export const CONFIRM_MODES = ["always", "when-taking", "never"] as const;

/** When changes of a host must be confirmed, and how long it waits for that. */
export interface Safety {
  readonly confirm: (typeof CONFIRM_MODES)[number];
  readonly confirmSeconds: number;
}

const DEFAULT_SAFETY: Safety = { confirm: "never", confirmSeconds: 60 };

/** What counts for a host: its input `safety`, and the environment variable that is for who knows better. */
export function safetyOf(
  input: { readonly confirm?: Safety["confirm"] | undefined; readonly confirmSeconds?: number | undefined } | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Safety {
  const { confirm = DEFAULT_SAFETY.confirm, confirmSeconds = DEFAULT_SAFETY.confirmSeconds } = input ?? {};
  return { confirm: env.PCI_PASSTHROUGH_CONFIRM === "never" ? "never" : confirm, confirmSeconds };
}

/** Whether the host takes these steps back unless they are confirmed. */
export function isOnTrial({ steps }: Pick<Plan, "steps">, { confirm }: Safety): boolean {
  const takesNow = steps.some((step) => takenBy(step).some(({ when }) => when === "now"));
  return confirm === "always" ? steps.length > 0 : takesNow && confirm === "when-taking";
}
