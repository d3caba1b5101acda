import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import type { Plan } from "./plan";
import type { AttachWish, PlanContext } from "./wish";

/** A VM of the host, whatever manages it. */
export interface HostVm {
  readonly name: string;
  /** What names the VM for ever: its uuid; its name where it has no uuid. */
  readonly key: string;
  readonly running: boolean;
}

export type FoundVm<V extends HostVm = HostVm> =
  | { readonly kind: "found"; readonly vm: V }
  | { readonly kind: "missing" | "several" | "unreadable"; readonly reason: string };

/** How one toolstack's VMs get devices and lose them. Pure. */
export interface VmPlanner {
  /** What `find` finds each VM of the host by. */
  list(facts: HostFacts): readonly string[];
  /** By what the program says of the VM: its name, its uuid, or its file where the toolstack has files. */
  find(facts: HostFacts, vm: string): FoundVm;
  attach(facts: HostFacts, wish: AttachWish, context: PlanContext): Plan;
  /** Ends a wish; already gone is an empty plan. */
  detach(facts: HostFacts, wish: AttachWish, context: PlanContext): Plan;
  isAttachedLive(facts: HostFacts, vm: string, address: PciAddress): boolean;
  /** Whether the VM gets the function at its next start. */
  isConfigured(facts: HostFacts, vm: string, address: PciAddress): boolean;
}
