import type { ClaimEntry } from "../claims/claim-entry";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import type { PciAddress } from "../pci/address";
import type { Part } from "./part";
import type { AttachWish, PlanContext } from "./wish";

/** A VM of the host, whichever toolstack manages it. */
export interface HostVm {
  readonly name: string;
  /** Its permanent name: the uuid, or the name of a VM without one. */
  readonly key: string;
  readonly running: boolean;
}

/** The VM that a program names, or why it cannot be told and what to do. */
export type FoundVm<V extends HostVm = HostVm> =
  | { readonly kind: "found"; readonly vm: V }
  | { readonly kind: "missing" | "several" | "unreadable"; readonly reason: string };

/** What a toolstack needs to know to make an attachment. */
export interface Attachment<V extends HostVm> {
  readonly facts: HostFacts;
  readonly wish: AttachWish;
  readonly vm: V;
  /** The functions of the wish's target; at least one. */
  readonly devices: readonly PciDevice[];
  readonly key: string;
  /** What is in the VM's configuration because of this attachment, or of one beside it that it takes over. */
  readonly entries: readonly ClaimEntry[];
  readonly program: PlanContext["program"];
}

/** What a toolstack needs to know to end an attachment. */
export interface Detachment<V extends HostVm> {
  readonly facts: HostFacts;
  readonly wish: AttachWish;
  /** Undefined where the VM is gone. */
  readonly vm: V | undefined;
  readonly key: string;
  /** What is to be taken out. */
  readonly entries: readonly ClaimEntry[];
  /** The addresses that a running VM keeps: other devices are there now, or another attachment has them, too. */
  readonly stays: ReadonlySet<PciAddress>;
}

/** How devices are attached to the VMs of one toolstack, and detached. Pure. */
export interface VmDrafts<V extends HostVm> {
  /** A name for each VM of the host that `find` accepts. */
  list(facts: HostFacts): readonly string[];
  /** Finds a VM by name or uuid, or by its configuration file where the toolstack has files. */
  find(facts: HostFacts, vm: string): FoundVm<V>;
  /** Drafts an attachment. The part's entries replace those of the claim. */
  attach(attachment: Attachment<V>): Part;
  /** Drafts the end of an attachment. */
  detach(detachment: Detachment<V>): Part;
  /** Whether the running VM has the function now. */
  isAttachedLive(facts: HostFacts, vm: V, address: PciAddress): boolean;
  /** Whether the VM gets the function at its next start. */
  isConfigured(facts: HostFacts, vm: V, address: PciAddress): boolean;
}

/** A toolstack together with what all attachments share (`vmPlanner`). */
export interface VmPlanner {
  /** A name for each VM of the host that `find` accepts. */
  list(facts: HostFacts): readonly string[];
  find(facts: HostFacts, vm: string): FoundVm;
  attach(facts: HostFacts, wish: AttachWish, context: PlanContext): Part;
  /** Ends an attachment; without steps when nothing is left to detach. */
  detach(facts: HostFacts, wish: AttachWish, context: PlanContext): Part;
  isAttachedLive(facts: HostFacts, vm: string, address: PciAddress): boolean;
  isConfigured(facts: HostFacts, vm: string, address: PciAddress): boolean;
}
