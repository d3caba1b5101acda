import type { ClaimEntry } from "../../../claims/claim-entry";
import type { Domain } from "../../../facts/domains";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import type { AttachOptions } from "../../../vm-text/attach-options";
import type { ConfigLanguage } from "../../../vm-text/xl-config-language";
import type { Part } from "../../part";

/** A toolstack whose VMs are files written by hand: xl, and its predecessor xm. */
export interface FileToolstack {
  readonly name: "xl" | "xm";
  readonly language: ConfigLanguage;
  /** Which option this host does not support, and what to do; undefined when it supports all. */
  whyNotOptions(facts: HostFacts, options: AttachOptions): string | undefined;
  /** The options that belong in the VM's own file. */
  fileOptions(options: AttachOptions): AttachOptions;
  /** The edits of other files that the options need; claimed entries that are no longer needed are removed. */
  editsBeside(facts: HostFacts, wanted: WantedBeside, claimed: readonly ClaimEntry[]): Part;
  /** Whether a VM must be started with `passthrough="enabled"` to get devices while it runs. */
  needsPassthrough(facts: HostFacts): boolean;
  /** Why this running VM cannot get any device; undefined when it can. */
  whyNotHotPlug(facts: HostFacts, domain: Domain, type: "pv" | "pvh" | "hvm" | undefined): string | undefined;
}

/** What the files beside the VM's own should have for an attachment; no devices when the attachment ends. */
export interface WantedBeside {
  readonly key: string;
  readonly devices: readonly PciDevice[];
  readonly options: AttachOptions;
}
