import type { GuardRule } from "./guard";

/** Another stack manages it, or its claim cannot be read. Planners judge it, who know the key of the claim. */
export const claimed: GuardRule = { judge: () => [] };
