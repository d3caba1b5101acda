import type { ResourceKind } from "../../claims/claim-key";
import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import type { HostInput } from "../inputs/host-input";
import { type Plan, simulatePlan } from "../plan";
import type { PlanContext, Wish } from "../wish";
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

/** A host as a declaration will find it. */
export interface ExpectedHost {
  readonly facts: HostFacts;
  /** What takes back what the declaration's own resource wanted before; undefined when nothing is replaced. */
  readonly replaced: Plan | undefined;
}

/**
 * What the host will be like when a declaration's turn comes: what is replaced, and the declarations that it builds on,
 * are simulated in the order in which they are carried out. One that is refused changes nothing, and its own check says
 * so.
 */
export function expectHost(
  facts: HostFacts,
  wish: Wish,
  others: readonly OtherDeclaration[],
  { owner, program }: PlanContext,
  host: HostInput,
): ExpectedHost {
  const all = [...others, { label: owner.label, wish, isEarlier: false }]
    .sort((a, b) => RANKS[a.wish.kind] - RANKS[b.wish.kind])
    .map((declared) => ({ ...declared, owner: { ...owner, label: declared.label } }));
  let now = facts;
  let replaced: Plan | undefined;
  // What is replaced goes in the reverse order: a VM loses a device before its driver gets it back.
  for (const declared of [...all].reverse()) {
    const plan = planReplaced(now, declared.wish, declared.owner, host);
    if (declared.wish === wish) replaced = plan;
    now = carriedOut(now, plan);
  }
  for (const declared of all)
    if (declared.wish !== wish && comesBefore(facts, declared, wish))
      now = carriedOut(now, planPresent(now, declared.wish, { owner: declared.owner, program }));
  return { facts: now, replaced };
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
