import type { HideWish } from "../../provider/plan/wish";
import { TRIAL_BOOT, target } from "./recorded-host";

/** A HiddenPciDevice that says no more than it must. */
export function hide(device: string, more: Partial<HideWish> = {}): HideWish {
  return {
    kind: "HiddenPciDevice",
    target: target(device),
    toolstack: undefined,
    expect: [],
    allow: [],
    driver: undefined,
    mechanism: "auto",
    trialBoot: TRIAL_BOOT,
    ...more,
  };
}
