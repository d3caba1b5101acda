import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import { simulate } from "../../steps/steps";
import type { HostInput } from "../inputs/host-input";
import { isEmpty, type Plan } from "../plan";
import type { DeclaredWish, PlanContext, Wish } from "../wish";
import { afterReboot } from "./after-reboot";
import { planPresent, statusOfWish } from "./kinds";
import { RANKS } from "./ranks";
import { planRemoved, type Removed } from "./removed";
import { planReplaced } from "./replacement";

/** What the program declares on one host, in its order, and for whom it is planned. */
export interface HostProgram {
  readonly declared: readonly DeclaredWish[];
  /** Whether these are all: no declaration of a host that is not known yet may be for this one. */
  readonly complete: boolean;
  readonly context: PlanContext;
  readonly host: HostInput;
}

/** A host as a declaration will find it, and what is done there. */
export interface ExpectedHost {
  readonly facts: HostFacts;
  readonly plan: Plan;
  /** What takes back what the declaration's own resource wanted before; undefined when nothing is replaced. */
  readonly replaced: Plan | undefined;
  /** After a reboot, what that undid and is done again. */
  readonly restored: readonly Plan[];
}

/** A host at the end of the run: all declarations hold, and what is not declared any more is gone. */
export interface ExpectedEnd {
  readonly facts: HostFacts;
  /** What is removed, as the engine finds it when all else is done. */
  readonly removed: readonly Removed[];
  /** The reboot for what is removed; undefined where nothing needs it, or no HostReboot is declared. */
  readonly lastReboot: Plan | undefined;
}

/** A declaration that holds again after a reboot only by this plan. */
export interface Restored {
  readonly wish: Wish;
  readonly context: PlanContext;
  readonly plan: Plan;
}

/** A declaration whose inputs are known, in the name of its own resource. */
interface Known {
  readonly wish: Wish;
  readonly context: PlanContext;
}

/**
 * What the host will be like when the turn of a wish comes, which is among the declared ones: what is replaced, and the
 * declarations that it builds on, are simulated in the order in which they are carried out. One that is refused changes
 * nothing, and its own check says so.
 */
export function expectHost(facts: HostFacts, wish: Wish, program: HostProgram): ExpectedHost {
  const before = inOrder(program, wish);
  const replacements = withoutReplaced(facts, wish, program);
  const isRebootBetween = before.some((declared) => declared.wish.kind === "HostReboot");
  let { now } = replacements;
  for (const [index, declared] of before.entries())
    if (isRebootBetween || wish.kind === "HostReboot" || sharesFunctions(facts, declared.wish, wish))
      now = carryOut(now, declared, before.slice(0, index));
  const plan = planPresent(now, wish, program.context);
  const up = plan.reboot && afterReboot(simulate(now, plan.steps));
  return {
    facts: now,
    plan,
    replaced: replacements.replaced,
    restored: up ? restore(up, before).map(({ plan }) => plan) : [],
  };
}

/**
 * What the host will be like at the end of the run. What the program does not declare any more the engine removes when
 * all else is done, and the host is rebooted for that last.
 */
export function expectEnd(facts: HostFacts, program: HostProgram): ExpectedEnd {
  const known = inOrder(program);
  let { now } = withoutReplaced(facts, undefined, program);
  for (const [index, declared] of known.entries()) now = carryOut(now, declared, known.slice(0, index));
  const removed = program.complete ? planRemoved(now, program.context.owner, program.declared, program.host) : [];
  for (const { plan } of removed) now = simulated(now, plan);
  const reboot = known.find(({ wish }) => wish.kind === "HostReboot");
  if (!reboot || removed.length === 0) return { facts: now, removed, lastReboot: undefined };
  const plan = planPresent(now, reboot.wish, reboot.context);
  return { facts: carryOut(now, reboot, known), removed, lastReboot: plan.reboot && plan };
}

/** The outputs of a resource at the end of the run, and whether the host, which is as `now` tells, is rebooted until then. */
export function statusAtEnd<W extends Wish>(now: HostFacts, { facts: end }: ExpectedEnd, wish: W, key: string) {
  // Nobody knows the id of a boot before it.
  const { bootId } = now.machine;
  const isRebooted = end.machine.bootId !== bootId;
  const known = isRebooted ? { ...end, machine: { ...end.machine, bootId } } : end;
  return { status: statusOfWish(known, wish, key), isRebooted };
}

/** What a reboot undid of the declarations before it, on the host as it is after the reboot. */
export function planRestored(facts: HostFacts, reboot: Wish, program: HostProgram): readonly Restored[] {
  return restore(facts, inOrder(program, reboot));
}

/**
 * The declarations whose inputs are known, in the order in which they are carried out: by kind, but around a HostReboot.
 * With `until`, those before that wish.
 */
function inOrder({ declared, context }: HostProgram, until?: Wish): readonly Known[] {
  const reboot = declared.findIndex(({ kind }) => kind === "HostReboot");
  const known = declared
    .flatMap(({ label, wish }, index) => (wish ? [{ wish, label, isAfter: reboot >= 0 && index > reboot }] : []))
    .sort((a, b) => Number(a.isAfter) - Number(b.isAfter) || RANKS[a.wish.kind] - RANKS[b.wish.kind])
    .map(({ wish, label }) => ({ wish, context: { ...context, owner: { ...context.owner, label } } }));
  const end = known.findIndex((each) => isOwn(each, until, context));
  return end < 0 ? known : known.slice(0, end);
}

/** Whether this is the declaration of the resource that asks: only those of different kinds may have one name. */
function isOwn(known: Known, own: Wish | undefined, { owner }: PlanContext): boolean {
  return known.wish.kind === own?.kind && known.context.owner.label === owner.label;
}

/** What is replaced goes in the reverse order: a VM loses a device before its driver gets it back. */
function withoutReplaced(facts: HostFacts, own: Wish | undefined, program: HostProgram) {
  let now = facts;
  let replaced: Plan | undefined;
  for (const { wish, context } of [...inOrder(program)].reverse()) {
    const plan = planReplaced(now, wish, context.owner, program.host);
    if (isOwn({ wish, context }, own, program.context)) replaced = plan;
    if (plan) now = simulated(now, plan);
  }
  return { now, replaced };
}

/** A reboot undoes what lasts only until the next boot; it is done once more. */
function carryOut(facts: HostFacts, { wish, context }: Known, before: readonly Known[]): HostFacts {
  const plan = planPresent(facts, wish, context);
  const now = simulated(facts, plan);
  if (!plan.reboot || plan.refusals.length > 0) return now;
  const up = afterReboot(now);
  return restore(up, before).reduce((restored, { plan }) => simulate(restored, plan.steps), up);
}

function restore(facts: HostFacts, before: readonly Known[]): readonly Restored[] {
  let now = facts;
  return before.flatMap(({ wish, context }) => {
    const plan = planPresent(now, wish, context);
    if (isEmpty(plan) || plan.reboot || plan.refusals.length > 0) return [];
    now = simulate(now, plan.steps);
    return [{ wish, context, plan }];
  });
}

function simulated(facts: HostFacts, plan: Plan): HostFacts {
  return plan.refusals.length > 0 ? facts : simulate(facts, plan.steps);
}

function sharesFunctions(facts: HostFacts, other: Wish, wish: Wish): boolean {
  if (!("target" in other) || !("target" in wish)) return false;
  const functions = functionsOf(facts.pciDevices, wish.target);
  return functionsOf(facts.pciDevices, other.target).some((device) => functions.includes(device));
}
