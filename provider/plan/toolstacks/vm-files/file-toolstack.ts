import type { Claim } from "../../../facts/claims";
import type { Domain } from "../../../facts/domains";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import type { FileEdit } from "../../../steps/step";
import type { AttachOptions } from "../../../vm-text/attach-options";
import type { ConfigLanguage } from "../../../vm-text/xl-config-language";

/** A toolstack whose VMs are files that a person wrote: xl, and xm before it. What the two have in common is in this folder. */
export interface FileToolstack {
  readonly name: "xl" | "xm";
  readonly language: ConfigLanguage;
  /** Which option this host cannot carry, and why. */
  refuseOptions(facts: HostFacts, options: AttachOptions): string | undefined;
  /** What of the options stands in the VM's own file. */
  fileOptions(options: AttachOptions): AttachOptions;
  /** What the options need in other files; entries that are in those already and not needed any more go. */
  editsBeside(facts: HostFacts, wanted: WantedBeside, ours: Claim["entries"]): EditsBeside;
  /** Whether a VM that shall get devices while it runs must be started with `passthrough="enabled"`. */
  needsPassthrough(facts: HostFacts): boolean;
  /** Why this running VM cannot get devices at all, whatever they are. */
  cannotHotPlug(facts: HostFacts, domain: Domain, type: "pv" | "pvh" | "hvm" | undefined): string | undefined;
}

export interface WantedBeside {
  readonly key: string;
  readonly devices: readonly PciDevice[];
  readonly options: AttachOptions;
}

export interface EditsBeside {
  readonly steps: readonly FileEdit[];
  readonly entries: Claim["entries"];
  readonly effects: readonly string[];
  readonly warnings: readonly string[];
  /** Why a file cannot be edited. */
  readonly refusal: string | undefined;
}

export const NOTHING_BESIDE: EditsBeside = { steps: [], entries: [], effects: [], warnings: [], refusal: undefined };
