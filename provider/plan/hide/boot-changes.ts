import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import type { Removal } from "../../facts/removals";
import { parsePciTarget } from "../../pci/address";
import { isStubDriver } from "../../pci/stub-driver";
import type { Step } from "../../steps/step";
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
  const isOurs = (one: { readonly project: string; readonly stack: string }) =>
    owner === undefined || (one.project === owner.project && one.stack === owner.stack);
  const made = facts.claims.flatMap(({ key, claim }) =>
    isOurs(claim) && claim.bootChange?.startsWith(`${bootId}/`) ? waitsToBegin(facts, key) : [],
  );
  const removed = facts.removals.flatMap((removal) =>
    isOurs(removal) && removal.bootId === bootId && !facts.claims.some((one) => one.key === removal.key)
      ? waitsToEnd(facts, removal.key)
      : [],
  );
  return [...made, ...new Map(removed.map((one) => [one.key, one])).values()];
}

/** The step that lets later runs know that a removal waits for the host's reboot. */
export function noteRemoval(facts: HostFacts, key: string, { project, stack }: Owner): Step {
  const removal: Removal = { version: 1, project, stack, key, bootId: facts.machine.bootId };
  return { kind: "note-removal", removal };
}

function waitsToBegin(facts: HostFacts, key: string): WaitingChange[] {
  const [kind, device = ""] = key.split("/");
  if (kind === "IommuBootParameters")
    return isIommuActive(facts) ? [] : [{ key, what: "the IOMMU is switched on by the next boot" }];
  const away = functionsNamed(facts, device).filter((one) => !isStubDriver(one.driver));
  return away.length === 0 ? [] : [{ key, what: `${device} is hidden from the next boot on` }];
}

function waitsToEnd(facts: HostFacts, key: string): WaitingChange[] {
  const [kind, device = ""] = key.split("/");
  if (kind === "IommuBootParameters")
    return isIommuActive(facts) ? [{ key, what: "the IOMMU is on until the next boot" }] : [];
  const left = functionsNamed(facts, device).filter((one) => isStubDriver(one.driver) && !isHidden(facts, one.address));
  return left.length === 0 ? [] : [{ key, what: `${device} stays on ${left[0]?.driver} until the next boot` }];
}

function functionsNamed(facts: HostFacts, device: string) {
  const target = parsePciTarget(device);
  return target ? functionsOf(facts.pciDevices, target) : [];
}
