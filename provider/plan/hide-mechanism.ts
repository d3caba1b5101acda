import type { Claim } from "../facts/claims";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import type { PciAddress } from "../pci/address";
import type { StubDriver } from "../pci/stub-driver";
import type { Step } from "../steps/step";

/** What the input `mechanism` of HiddenPciDevice takes, besides "auto"; claims name them, so the names are for ever. */
export const HIDE_MECHANISM_NAMES = [
  "xen-cmdline",
  "grub",
  "modprobe",
  "initramfs",
  "pciback-conf",
  "driver-override",
  "kernel-ids",
] as const;
export type HideMechanismName = (typeof HIDE_MECHANISM_NAMES)[number];

/** One way to tell the boot of a host that a stub driver gets functions before their own drivers can. Pure. */
export interface HideMechanism {
  readonly name: HideMechanismName;
  /** The hosts that it is for; undefined: it says so itself. */
  readonly hosts?: "xen" | "kvm";
  /** Taken only when the program names it. */
  readonly onlyByName?: boolean;
  /** Tells apart those of one name, in claims too: hosts of another age. */
  readonly variant?: string;
  /** Why this host does not boot so, or why these functions cannot be hidden so; undefined when they can. */
  unfit(facts: HostFacts, devices: readonly PciDevice[], stub: StubDriver): string | undefined;
  /** Whether the people of this host hide devices in this way already: then it comes first. Without it, they do not. */
  isCustomary?(facts: HostFacts): boolean;
  /** Whether a host like this one boots in no other way, so that none of the others is looked at. */
  isOnlyWay?(facts: HostFacts): boolean;
  /** Whether every boot from now on hides the function in this way, by whoever's entry. */
  isHidden(facts: HostFacts, address: PciAddress): boolean;
  /** The steps that hide one function, and the entries of the claim that take it back. */
  hide(facts: HostFacts, device: PciDevice, key: string, stub: StubDriver): HideDraft;
  /** Why what the claim has for one function cannot be taken out as the host is now; undefined when it can. */
  stuck?(facts: HostFacts, address: PciAddress): string | undefined;
  /** The steps that take out what the claim has for one function. */
  unhide(facts: HostFacts, address: PciAddress, claim: Claim, key: string): readonly Step[];
  /** What a user should know of the boot's own text before we change it, though nothing forbids it. */
  cautions?(facts: HostFacts, devices: readonly PciDevice[], change: "hide" | "unhide"): readonly string[];
  /** What makes the generated files of the boot follow: once, after all edits. */
  readonly regenerate: readonly Step[];
  /** "the initramfs … is made anew": what the regeneration means, a line each. */
  readonly regenerationEffects: readonly string[];
}

export interface HideDraft {
  readonly steps: readonly Step[];
  readonly entries: Claim["entries"];
  /** What the host will feel beside the loss of the device, a line each. */
  readonly effects?: readonly string[];
}
