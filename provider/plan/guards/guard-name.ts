/** Guards that a declaration can override by `allow`. Programs have these names, so they never change. */
export const OVERRIDABLE_GUARDS = [
  "boot-device",
  "ssh-route",
  "mounted-storage",
  "host-network",
  "console-display",
  "console-input",
  "console-serial",
  "in-use-by-process",
  "configured-in-other-vm",
  "no-iommu",
  "iommu-group",
] as const;

/** Guards that nothing overrides. */
const FINAL_GUARDS = ["in-use-by-vm", "claimed", "bridge", "identity"] as const;

/** A guard that a declaration can override. */
export type OverridableGuard = (typeof OVERRIDABLE_GUARDS)[number];

/** A guard by its name. */
export type Guard = OverridableGuard | (typeof FINAL_GUARDS)[number];

/** The names of all guards. */
export const GUARD_NAMES: readonly Guard[] = [...OVERRIDABLE_GUARDS, ...FINAL_GUARDS];

/** Whether no declaration can override a guard. */
export function isFinal(guard: Guard): guard is (typeof FINAL_GUARDS)[number] {
  return FINAL_GUARDS.some((final) => final === guard);
}
