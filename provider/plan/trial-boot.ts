/** Whether a boot change is put on trial: wherever the host can go back by itself, or never. */
export const TRIAL_BOOT_MODES = ["auto", "never"] as const;

/** How a host's boot changes are put on trial. */
export interface TrialBoot {
  readonly mode: (typeof TRIAL_BOOT_MODES)[number];
  /** How long after its start a boot on trial waits for its confirmation, in seconds. */
  readonly seconds: number;
}

/** What counts for a host, by its input `safety`. */
export function trialBootOf(
  safety:
    | {
        readonly trialBoot?: (typeof TRIAL_BOOT_MODES)[number] | undefined;
        readonly bootConfirmSeconds?: number | undefined;
      }
    | undefined,
): TrialBoot {
  return { mode: safety?.trialBoot ?? "auto", seconds: safety?.bootConfirmSeconds ?? 600 };
}
