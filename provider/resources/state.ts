import type { Bag } from "../plan/kind";

/** A resource as a state has it. */
export interface State {
  readonly id: string;
  /** Its inputs, checked, and its outputs; members with other names are ignored. */
  readonly outputs: Bag;
  /** Tells the claim on the host as that of this state. */
  readonly token: string;
}
