import type { Claim } from "../claims/claim";
import type { HiddenBy } from "../claims/claim-entry";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import type { PciAddress } from "../pci/address";
import type { StubDriver } from "../pci/stub-driver";
import type { Part } from "./part";

/** What the input `mechanism` of HiddenPciDevice takes, besides "auto"; states hold these names for ever. */
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
  /** What entries of claims call it; tells apart those of one name, for hosts of another age. */
  readonly hiddenBy: HiddenBy;
  /** The hosts that it is for; undefined: `whyNotHide` says so itself. */
  readonly hosts?: "xen" | "kvm";
  /** Taken only when the program names it. */
  readonly onlyByName?: boolean;
  /** Why this host does not boot so, or why these functions cannot be hidden so; undefined when they can. */
  whyNotHide(facts: HostFacts, devices: readonly PciDevice[], stub: StubDriver): string | undefined;
  /** Whether the people of this host hide devices in this way already: then it comes first. Without it, they do not. */
  isCustomary?(facts: HostFacts): boolean;
  /** Whether a host like this one boots in no other way, so that none of the others is looked at. */
  isOnlyWay?(facts: HostFacts): boolean;
  /** Whether every boot from now on hides the function in this way, by whoever's entry. */
  isHidden(facts: HostFacts, address: PciAddress): boolean;
  /** Hides one function. */
  hide(facts: HostFacts, device: PciDevice, key: string, stub: StubDriver): Part;
  /** Why what the claim has for one function cannot be taken out as the host is now; undefined when it can. */
  whyNotUnhide?(facts: HostFacts, address: PciAddress): string | undefined;
  /** Takes out what the claim has for one function. */
  unhide(facts: HostFacts, address: PciAddress, claim: Claim, key: string): Part;
  /** What a user should know of the boot's own text before we change it, though nothing forbids it. */
  cautions?(facts: HostFacts, devices: readonly PciDevice[], change: "hide" | "unhide"): readonly string[];
  /** What hiding in this way means for the host, said once however many functions are hidden. */
  readonly consequences: readonly string[];
}
