/**
 * What a plan changes for a host and its VMs, or why it changes nothing, as one line for people. It is a `loss` where
 * the host or a VM can no longer use something, and a `gain` where it can again or for the first time.
 */
export interface Effect {
  readonly kind: "loss" | "gain" | "neither";
  /** Begins with what matters most, since terminals cut lines at their end. */
  readonly text: string;
}

/** The host or a VM can no longer use something. */
export function loss(text: string): Effect {
  return { kind: "loss", text };
}

/** The host or a VM can use something that it could not use before. */
export function gain(text: string): Effect {
  return { kind: "gain", text };
}

/** Nobody loses or gains anything by it, or the effects beside it say who. */
export function neither(text: string): Effect {
  return { kind: "neither", text };
}
