/** Every guard, by the name that `allow` takes, and whether a declaration may override it. */
const GUARDS = {
  "boot-device": "overridable",
  "ssh-route": "overridable",
  "mounted-storage": "overridable",
  "host-network": "overridable",
  "console-input": "overridable",
  "console-display": "overridable",
  "in-use-by-vm": "final",
  "configured-in-other-vm": "overridable",
  claimed: "final",
  bridge: "final",
  "no-iommu": "overridable",
  "iommu-group": "overridable",
  identity: "final",
} as const;

/** A guard by its name. */
export type Guard = keyof typeof GUARDS;

/** The names of all guards. */
export const GUARD_NAMES = Object.keys(GUARDS).filter((name): name is Guard => name in GUARDS);

/** Whether no declaration can override a guard. */
export function isFinal(guard: Guard): boolean {
  return GUARDS[guard] === "final";
}

/** An objection to a plan, with the evidence. */
export interface Judgement {
  /** Undefined when the host cannot do it, whatever the program allows. */
  readonly guard: Guard | undefined;
  /** One or more sentences that say what to do; without the final full stop when there is a guard. */
  readonly evidence: string;
}
