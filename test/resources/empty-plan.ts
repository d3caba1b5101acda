import type { Plan } from "../../provider/plan/plan";

/** A plan for a host that has everything already. */
export const EMPTY_PLAN: Plan = {
  steps: [],
  regenerate: [],
  effects: [],
  warnings: [],
  refusals: [],
  overridden: [],
  reboot: undefined,
};
