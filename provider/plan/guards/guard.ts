import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { PciAddress, PciTarget } from "../../pci/address";
import type { Given, Taken } from "../../steps/step-type";
import type { Declaration } from "../declaration";
import type { ExpectedIdentity } from "../expected-identity";

/** What a plan would do to the devices of a host, as guards see it. What is there already does no new harm. */
export interface JudgedChange {
  readonly facts: HostFacts;
  /** Every loss of a function, by step. */
  readonly taken: readonly Taken[];
  /** The functions that the host loses, each once. */
  readonly lost: readonly PciDevice[];
  /** The functions whose driver changes now, each once. */
  readonly moved: readonly PciAddress[];
  readonly given: readonly Given[];
  readonly target: PciTarget;
  /** What the functions must be, by position in the order of their addresses; empty when the program does not say. */
  readonly expect: readonly ExpectedIdentity[];
  /** All declarations of the program for devices of this host. */
  readonly program: readonly Declaration[];
}

/** A rule that refuses what could harm a host or its VMs. */
export interface GuardRule {
  /**
   * The evidence against a change, one or more sentences each that say what to do, without the final full stop; empty
   * when there is none.
   */
  judge(change: JudgedChange): readonly string[];
}
