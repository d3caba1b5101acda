import { parseKey } from "../../claims/claim-key";
import { readableClaims } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import { formatPciTarget } from "../../pci/address";
import { isStubDriver } from "../../pci/stub-driver";
import { isIommuActive } from "../iommu-state";
import type { Owner } from "../wish";
import { isHidden } from "./hide-mechanisms";

/** One boot change of ours that a reboot of the host would bring about. */
export interface WaitingChange {
  /** The claim, as it is or was: `HiddenPciDevice/0000:01:00.0`. */
  readonly key: string;
  /** For people: "0000:01:00.0 is hidden from the next boot on". */
  readonly what: string;
}

/**
 * The boot changes that wait for a reboot: of one stack, or of all. What was written in an earlier boot has had its
 * chance: when it did not come about, another reboot will not bring it either.
 */
export function waitingChanges(facts: HostFacts, owner: Owner | undefined): readonly WaitingChange[] {
  const { bootId } = facts.machine;
  const isOwn = (noted: { readonly project: string; readonly stack: string }) =>
    owner === undefined || (noted.project === owner.project && noted.stack === owner.stack);
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

function waitsToBegin(facts: HostFacts, key: string): WaitingChange[] {
  const subject = parseKey(key);
  if (subject?.kind === "IommuBootParameters")
    return isIommuActive(facts) ? [] : [{ key, what: "the IOMMU is switched on by the next boot" }];
  if (!subject?.target) return [];
  const away = functionsOf(facts.pciDevices, subject.target).filter(({ driver }) => !isStubDriver(driver));
  return away.length === 0 ? [] : [{ key, what: `${formatPciTarget(subject.target)} is hidden from the next boot on` }];
}

function waitsToEnd(facts: HostFacts, key: string): WaitingChange[] {
  const subject = parseKey(key);
  if (subject?.kind === "IommuBootParameters")
    return isIommuActive(facts) ? [{ key, what: "the IOMMU is on until the next boot" }] : [];
  if (!subject?.target) return [];
  const left = functionsOf(facts.pciDevices, subject.target).find(
    ({ driver, address }) => isStubDriver(driver) && !isHidden(facts, address),
  );
  return left ? [{ key, what: `${formatPciTarget(subject.target)} stays on ${left.driver} until the next boot` }] : [];
}
