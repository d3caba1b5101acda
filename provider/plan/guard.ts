/** The names that `allow` takes. */
export const GUARDS = [
  "boot-device",
  "ssh-route",
  "mounted-storage",
  "host-network",
  "console-input",
  "console-display",
  "in-use-by-vm",
  "configured-in-other-vm",
  "claimed",
  "bridge",
  "no-iommu",
  "iommu-group",
  "identity",
] as const;
export type Guard = (typeof GUARDS)[number];

/** Harm that no declaration can ask for. */
export const NEVER_ALLOWED: readonly Guard[] = ["identity", "in-use-by-vm", "claimed", "bridge"];

/** What a guard has against a plan, with the evidence. */
export interface Judgement {
  readonly guard: Guard;
  readonly message: string;
}
