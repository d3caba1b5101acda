import type { HostFacts } from "../facts/host-facts";
import type { Step } from "./step";

/** One argument of a kernel's or hypervisor's command line. */
export interface BootArgument {
  /** Whose line: that of a kernel without Xen, or that of the hypervisor. */
  readonly line: "linux" | "xen";
  readonly name: string;
  /** The whole word: `intel_iommu=on`. */
  readonly text: string;
}

export type BootArgumentSteps =
  | {
      readonly kind: "steps";
      readonly steps: readonly Step[];
      /** The files that hold the argument. */
      readonly paths: readonly string[];
      readonly effects: readonly string[];
    }
  | { readonly kind: "unfit"; readonly reason: string };

/** Whether each boot from now on has the argument. */
export function hasBootArgument(_facts: HostFacts, _argument: BootArgument): boolean {
  return false;
}

export function addBootArgument(_facts: HostFacts, _key: string, argument: BootArgument): BootArgumentSteps {
  return { kind: "unfit", reason: `writing ${argument.text} for the next boot is not supported yet` };
}

export function removeBootArgument(_facts: HostFacts, _key: string, _argument: BootArgument): BootArgumentSteps {
  return { kind: "steps", steps: [], paths: [], effects: [] };
}
