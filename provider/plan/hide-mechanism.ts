import type { Claim } from "../claims/claim";
import type { HiddenBy } from "../claims/claim-entry";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import type { PciAddress } from "../pci/address";
import type { StubDriver } from "../pci/stub-driver";
import type { HideMechanismName } from "./hide-mechanism-name";
import type { Part } from "./part";

/** One way to bind functions to a stub driver at boot, before their own drivers can take them. Pure. */
export interface HideMechanism {
  readonly name: HideMechanismName;
  /** Its name in claim entries; tells apart mechanisms that share a name on hosts of different ages. */
  readonly hiddenBy: HiddenBy;
  /** The hosts that it is for; when undefined, `whyNotHide` decides. */
  readonly hosts?: "xen" | "kvm";
  /**
   * Whether the old boot entry with the old initramfs does not hide what was hidden since: not so where something on the
   * root file system hides it, which counts with every entry.
   */
  readonly undoneByOldEntry: boolean;
  /** Whether the host is one that it is for: elsewhere its reason helps nobody. Without it: each of `hosts`. */
  fits?(facts: HostFacts): boolean;
  /** Used only when the program names it. */
  readonly onlyByName?: boolean;
  /** Why this mechanism cannot hide these functions on this host; undefined when it can. */
  whyNotHide(facts: HostFacts, devices: readonly PciDevice[], stub: StubDriver): string | undefined;
  /** Whether this host already hides devices in this way, which makes it the preferred mechanism. Without it: no. */
  isCustomary?(facts: HostFacts): boolean;
  /** Whether this is the only mechanism that works on this host, so that no other is considered. */
  isOnlyWay?(facts: HostFacts): boolean;
  /** Whether every future boot hides the function in this way, whoever wrote the entry. */
  isHidden(facts: HostFacts, address: PciAddress): boolean;
  /** Hides one function. */
  hide(facts: HostFacts, device: PciDevice, key: string, stub: StubDriver): Part;
  /** Removes what the claim has for one function; refuses where the host's own text cannot be edited. */
  unhide(facts: HostFacts, address: PciAddress, claim: Claim, key: string): Part;
  /** Warnings about the existing boot configuration, although nothing forbids the change. */
  cautions?(facts: HostFacts, devices: readonly PciDevice[], change: "hide" | "unhide"): readonly string[];
  /** What hiding in this way means for the host, reported once however many functions are hidden. */
  readonly consequences: readonly string[];
}
