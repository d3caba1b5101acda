import type { Subject } from "../facts/answers";
import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import type { StubDriver } from "../pci/stub-driver";

/** A function that the host loses through a step. */
export interface Taken {
  readonly address: PciAddress;
  /** When: at once, when the VM that gets it starts, or at the next boot of the host. */
  readonly when: "now" | "vm-start" | "next-boot";
  /** The stub driver that the step binds it to; undefined when something else decides. */
  readonly to: StubDriver | undefined;
}

/** A function that a VM gets through a step. */
export interface Given {
  readonly address: PciAddress;
  readonly vm: { readonly name: string; readonly uuid: string | undefined };
  /** In its persistent configuration, or while it runs. */
  readonly scope: "config" | "live";
}

/**
 * Everything about one type of step: what it does to a host, as data, as facts and as shell. No member has a default:
 * `takes`, `moves` and `gives` decide which guards judge a step, so a type that omitted one would escape them.
 */
export interface StepType<S> {
  /** The functions that the host loses through it. */
  takes(step: S): readonly Taken[];
  /** The functions whose driver it changes now: no running VM may hold one of them. */
  moves(step: S): readonly PciAddress[];
  /** The functions that a VM gets through it. */
  gives(step: S): readonly Given[];
  /** What of the host it and its undo change: facts about that are read once more after it, and no others. */
  readonly changes: readonly Subject[];
  /** The files whose old text its undo writes: a trial has copies of them, since the disk may be full by then. */
  rewrites(step: S): readonly string[];
  /** The facts after it: what later plans of the same apply start from. */
  after(facts: HostFacts, step: S): HostFacts;
  /**
   * Shell commands that succeed as long as the host is as the plan found it; all run under the lock before the first
   * step.
   */
  assumes(step: S): readonly string[];
  /**
   * Shell that performs it, and fails unless the host then is as wanted. It exits with 124 when that may still come about
   * by itself: a daemon that did not answer in time goes on with what it was asked, a program that was killed does not.
   */
  perform(step: S): string;
  /** Shell that undoes it, whether it was performed completely, in part or not at all. */
  undo(step: S): string;
  /** The shell functions that the above call, except SHARED_FUNCTIONS; each with a comment on its arguments. */
  readonly functions: string;
  /** For people, in the infinitive: `bind 0000:01:00.0 to pciback`. */
  describe(step: S): string;
}
