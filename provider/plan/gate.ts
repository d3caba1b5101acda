import type { HostFacts } from "../facts/host-facts";
import { givenBy, movedBy, type Step, takenBy } from "../steps/steps";
import type { JudgedChange } from "./guards/guard";
import { type Guard, isFinal } from "./guards/guard-name";
import { type Judgement, judge } from "./guards/guards";
import type { Part } from "./part";
import type { Plan, Refusal } from "./plan";
import type { DeviceWish, PlanContext, Wish } from "./wish";

/**
 * The only way from a part to a plan, for preview and apply alike: guards judge its steps, judgements that the wish
 * allows are dropped, and all others become refusals.
 */
export function throughGate(facts: HostFacts, wish: Wish, context: PlanContext, part: Part): Plan {
  const { entries: _, judgements, warnings, ...rest } = part;
  const device = "target" in wish ? wish : undefined;
  const changes = part.steps.length > 0;
  const all = [...judgements, ...(device && changes ? judge(judgedChange(facts, device, context, part.steps)) : [])];
  const unknown = changes ? whatIsUnknown(facts) : [];
  const allow = device?.allow ?? [];
  return {
    ...rest,
    warnings: [...warnings, ...unknown],
    refusals: distinct(all.flatMap((judgement) => refusalOf(judgement, allow))),
    overridden: all.flatMap(({ guard }) => (guard !== undefined && isOverridden(guard, allow) ? [guard] : [])),
  };
}

/** What could not be read of the VMs: whoever needs it refuses, and all others should know. */
function whatIsUnknown({ domains, files }: HostFacts): readonly string[] {
  const { whyNoVmConfigs } = files;
  return [
    ...(domains.kind === "unlisted" ? [domains.reason] : []),
    ...(whyNoVmConfigs === undefined ? [] : [whyNoVmConfigs]),
  ];
}

function judgedChange(
  facts: HostFacts,
  { target, expect }: DeviceWish,
  { program }: PlanContext,
  steps: readonly Step[],
): JudgedChange {
  const taken = steps.flatMap((step) => takenBy(step));
  return {
    facts,
    taken,
    lost: [...new Set(taken.flatMap(({ address }) => facts.pciDevices.get(address) ?? []))],
    moved: [...new Set(steps.flatMap((step) => movedBy(step)))],
    given: steps.flatMap((step) => givenBy(step)),
    target,
    expect,
    program,
  };
}

function refusalOf({ guard, evidence }: Judgement, allow: DeviceWish["allow"]): readonly Refusal[] {
  if (guard === undefined) return [{ guard, message: evidence }];
  if (isOverridden(guard, allow)) return [];
  return [{ guard, message: `${evidence}${remedy(guard)}` }];
}

function isOverridden(guard: Guard, allow: DeviceWish["allow"]): boolean {
  return !isFinal(guard) && allow.includes(guard);
}

function remedy(guard: Guard): string {
  return isFinal(guard) ? "." : `. If this is intended, add allow: ["${guard}"].`;
}

function distinct(refusals: readonly Refusal[]): readonly Refusal[] {
  return [...new Map(refusals.map((refusal) => [`${refusal.guard} ${refusal.message}`, refusal])).values()];
}
