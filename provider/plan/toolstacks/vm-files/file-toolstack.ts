import type { ClaimEntry } from "../../../claims/claim-entry";
import type { Domain } from "../../../facts/domains";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import type { AttachOptions } from "../../../vm-text/attach-options";
import type { ConfigLanguage } from "../../../vm-text/xl-config-language";
import type { Part } from "../../part";

/** A toolstack whose VMs are files that a person wrote: xl, and xm before it. What the two have in common is in this folder. */
export interface FileToolstack {
  readonly name: "xl" | "xm";
  readonly language: ConfigLanguage;
  /** Which option this host cannot carry, and why. */
  refuseOptions(facts: HostFacts, options: AttachOptions): string | undefined;
  /** What of the options stands in the VM's own file. */
  fileOptions(options: AttachOptions): AttachOptions;
  /** What the options need in other files; entries that are in those already and not needed any more go. */
  editsBeside(facts: HostFacts, wanted: WantedBeside, claimed: readonly ClaimEntry[]): Part;
  /** Whether a VM that shall get devices while it runs must be started with `passthrough="enabled"`. */
  needsPassthrough(facts: HostFacts): boolean;
  /** Why this running VM cannot get devices at all, whatever they are. */
  cannotHotPlug(facts: HostFacts, domain: Domain, type: "pv" | "pvh" | "hvm" | undefined): string | undefined;
}

/** What the files beside a VM's own should have of an attachment; no devices where it ends. */
export interface WantedBeside {
  readonly key: string;
  readonly devices: readonly PciDevice[];
  readonly options: AttachOptions;
}
