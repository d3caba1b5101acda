import type { Claim } from "../claims/claim";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import type { PciAddress } from "../pci/address";
import type { Part } from "./part";
import type { AttachWish, PlanContext } from "./wish";

/** A VM of the host, whatever manages it. */
export interface HostVm {
  readonly name: string;
  /** What names the VM for good: its uuid; its name where it has no uuid. */
  readonly key: string;
  readonly running: boolean;
}

export type FoundVm<V extends HostVm = HostVm> =
  | { readonly kind: "found"; readonly vm: V }
  | { readonly kind: "missing" | "several" | "unreadable"; readonly reason: string };

/** What a toolstack is told of an attachment that is to be made. */
export interface Attachment<V extends HostVm> {
  readonly facts: HostFacts;
  readonly wish: AttachWish;
  readonly vm: V;
  /** The functions of the wish's target; at least one. */
  readonly devices: readonly PciDevice[];
  readonly key: string;
  readonly claim: Claim | undefined;
  readonly program: PlanContext["program"];
}

/** What a toolstack is told of an attachment that ends. */
export interface Detachment<V extends HostVm> {
  readonly facts: HostFacts;
  readonly wish: AttachWish;
  /** Undefined where the VM is gone. */
  readonly vm: V | undefined;
  readonly key: string;
  readonly claim: Claim;
}

/** How one toolstack's VMs get devices and lose them. Pure. */
export interface Toolstack<V extends HostVm> {
  /** What `find` finds each VM of the host by. */
  list(facts: HostFacts): readonly string[];
  /** By what the program calls the VM: its name, its uuid, or its file where the toolstack has files. */
  find(facts: HostFacts, vm: string): FoundVm<V>;
  /** Drafts an attachment; its entries are all that the claim has from then on. */
  attach(attachment: Attachment<V>): Part;
  /** Drafts the end of an attachment. */
  detach(detachment: Detachment<V>): Part;
  isAttachedLive(facts: HostFacts, vm: V, address: PciAddress): boolean;
  /** Whether the VM gets the function at its next start. */
  isConfigured(facts: HostFacts, vm: V, address: PciAddress): boolean;
}

/** A toolstack in the frame that all attachments share. */
export interface VmPlanner {
  /** What `find` finds each VM of the host by. */
  list(facts: HostFacts): readonly string[];
  find(facts: HostFacts, vm: string): FoundVm;
  attach(facts: HostFacts, wish: AttachWish, context: PlanContext): Part;
  /** Ends a wish; already gone is an empty part. */
  detach(facts: HostFacts, wish: AttachWish, context: PlanContext): Part;
  isAttachedLive(facts: HostFacts, vm: string, address: PciAddress): boolean;
  isConfigured(facts: HostFacts, vm: string, address: PciAddress): boolean;
}
