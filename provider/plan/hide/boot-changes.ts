import { parseKey } from "../../claims/claim-key";
import { readableClaims } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import { isStubDriver } from "../../facts/stub-drivers";
import { formatPciTarget, type PciAddress, targets } from "../../pci/address";
import { isSameStack } from "../claim";
import { isIommuActive } from "../iommu-state";
import type { Owner } from "../wish";
import { isHidden } from "./hide-mechanisms";

/** A boot change of this project that takes effect at the next reboot of the host. */
export interface WaitingChange {
  /** The key of its claim, which may be gone already: `HiddenPciDevice/0000:01:00.0`. */
  readonly key: string;
  /** For people: "0000:01:00.0 will be hidden from the next boot". */
  readonly what: string;
}

/**
 * The boot changes that need a reboot: those of one stack, or of all when `owner` is undefined. A change written before
 * the current boot is left out: if that boot did not bring it about, another one will not either.
 */
export function waitingChanges(facts: HostFacts, owner: Owner | undefined): readonly WaitingChange[] {
  const { bootId } = facts.machine;
  const isOwn = (noted: Pick<Owner, "project" | "stack">) => owner === undefined || isSameStack(noted, owner);
  const made = readableClaims(facts).flatMap(({ key, claim }) =>
    isOwn(claim) && claim.bootChange?.startsWith(`${bootId}/`) ? waitsToBegin(facts, key) : [],
  );
  const removed = facts.removals.flatMap((removal) =>
    isOwn(removal) && removal.bootId === bootId && !facts.claims.some(({ key }) => key === removal.key)
      ? waitsToEnd(facts, removal.key)
      : [],
  );
  return [...made, ...new Map(removed.map((change) => [change.key, change])).values()];
}

/** What the boot change of this claim waits for, whenever it was written; empty where it has come about. */
export function waitsToBegin(facts: HostFacts, key: string): WaitingChange[] {
  const subject = parseKey(key);
  if (subject?.kind === "IommuBootParameters")
    return isIommuActive(facts) ? [] : [{ key, what: "the IOMMU will be on from the next boot" }];
  if (!subject?.target) return [];
  const away = functionsOf(facts.pciDevices, subject.target).filter(({ driver }) => !isStubDriver(facts, driver));
  return away.length === 0
    ? []
    : [{ key, what: `${formatPciTarget(subject.target)} will be hidden from the next boot` }];
}

/** Whether a function was hidden in this boot and will not be in the next one. */
export function isHiddenUntilReboot(facts: HostFacts, address: PciAddress): boolean {
  const isRemoved = facts.removals.some(({ key, bootId }) => {
    const subject = parseKey(key);
    const isOfDevice = subject?.kind === "HiddenPciDevice" && subject.target && targets(subject.target, address);
    return isOfDevice && bootId === facts.machine.bootId;
  });
  return isRemoved && !isHidden(facts, address);
}

function waitsToEnd(facts: HostFacts, key: string): WaitingChange[] {
  const subject = parseKey(key);
  if (subject?.kind === "IommuBootParameters")
    return isIommuActive(facts) ? [{ key, what: "the IOMMU stays on until the next boot" }] : [];
  if (!subject?.target) return [];
  const left = functionsOf(facts.pciDevices, subject.target).find(
    ({ driver, address }) => isStubDriver(facts, driver) && !isHidden(facts, address),
  );
  return left ? [{ key, what: `${formatPciTarget(subject.target)} stays on ${left.driver} until the next boot` }] : [];
}
