import type { ResourceKind } from "../../claims/claim-key";
import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import type { HostInput } from "../inputs/host-input";
import { type Plan, simulatePlan } from "../plan";
import type { Owner, PlanContext, Wish } from "../wish";
import { planPresent } from "./kinds";
import { planReplaced } from "./replacement";

/** Another declaration of the program on the same host, in the order of the program. */
export interface OtherDeclaration {
  readonly label: string;
  readonly wish: Wish;
  /** Whether the program declares it before the one that is planned. */
  readonly isEarlier: boolean;
}

/** A kind builds on those with a lower number: a device is made assignable before a VM gets it. */
export const RANKS: Readonly<Record<ResourceKind, number>> = {
  IommuBootParameters: 0,
  SriovVirtualFunctions: 1,
  HiddenPciDevice: 2,
  AssignableDevice: 3,
  VmPciAttachment: 4,
  HostReboot: 5,
};

/**
 * What the host will be like when a declaration's turn comes: what it replaces, and the declarations that it builds on,
 * are simulated in the order in which they are carried out. One that is refused changes nothing, and its own check says
 * so.
 */
export function expectedFacts(
  facts: HostFacts,
  wish: Wish,
  others: readonly OtherDeclaration[],
  owner: Owner,
  program: PlanContext["program"],
  host: HostInput,
): HostFacts {
  const all = [...others, { label: owner.label, wish, isEarlier: false }]
    .sort((a, b) => RANKS[a.wish.kind] - RANKS[b.wish.kind])
    .map((declared) => ({ ...declared, owner: { ...owner, label: declared.label } }));
  // What is replaced goes in the reverse order: a VM loses a device before its driver gets it back.
  const without = all.reduceRight(
    (now, declared) => carriedOut(now, planReplaced(now, declared.wish, declared.owner, host)),
    facts,
  );
  const earlier = all.filter((declared) => declared.wish !== wish && comesBefore(facts, declared, wish));
  return earlier.reduce(
    (now, declared) => carriedOut(now, planPresent(now, declared.wish, { owner: declared.owner, program })),
    without,
  );
}

function carriedOut(facts: HostFacts, plan: Plan | undefined): HostFacts {
  return plan === undefined || plan.refusals.length > 0 ? facts : simulatePlan(facts, plan);
}

function comesBefore(facts: HostFacts, other: OtherDeclaration, wish: Wish): boolean {
  if (wish.kind === "HostReboot") return other.isEarlier && other.wish.kind !== "HostReboot";
  const [rank, own] = [RANKS[other.wish.kind], RANKS[wish.kind]];
  if (rank > own || (rank === own && !other.isEarlier)) return false;
  if (!("target" in other.wish) || !("target" in wish)) return false;
  const functions = functionsOf(facts.pciDevices, wish.target);
  return functionsOf(facts.pciDevices, other.wish.target).some((device) => functions.includes(device));
}
