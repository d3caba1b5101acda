import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import { isEmpty, type Plan } from "../plan/plan";
import { isOnTrial } from "../plan/safety";
import type { ApplyGroup } from "../script/apply-script";
import type { Trial } from "../script/trial";
import type { Reboot } from "../steps/reboot";
import { simulate, takenBy } from "../steps/steps";
import type { Change } from "./change";

/** A change with its plan for the current facts. */
export interface PlannedChange<C extends Change> {
  readonly change: C;
  readonly plan: Plan;
}

/** What is done to a host next, of all changes that wait for it. */
export interface Turn<C extends Change> {
  /** Those whose plan refuses. */
  readonly refused: readonly PlannedChange<C>[];
  /** Those that the host has already. */
  readonly settled: readonly C[];
  readonly act: Act<C> | undefined;
  /** Those that come after it. */
  readonly later: readonly C[];
}

/** Steps of several changes, or the reboot for one. */
export type Act<C extends Change> =
  | { readonly kind: "apply"; readonly planned: readonly PlannedChange<C>[] }
  | { readonly kind: "reboot"; readonly change: C; readonly reboot: Reboot };

/**
 * Plans changes one after the other, and those that are refused once more behind the others: the engine orders removals
 * only where one resource names another, and a driver gets its device back when the VM has let it go. Reboots come last
 * and one by one, each after its note is on the host: the changes before may be what it is for, and it may be the last
 * that is heard of the host.
 */
export function planTurn<C extends Change>(facts: HostFacts, changes: readonly C[]): Turn<C> {
  let refused: PlannedChange<C>[] = [];
  const settled: C[] = [];
  const planned: PlannedChange<C>[] = [];
  let expected = facts;
  let left = changes;
  do {
    refused = [];
    for (const change of left) {
      const plan = change.plan(expected);
      if (plan.refusals.length > 0) refused.push({ change, plan });
      else if (isEmpty(plan)) settled.push(change);
      else {
        planned.push({ change, plan });
        if (!plan.reboot) expected = simulate(expected, plan.steps);
      }
    }
    const before = left;
    left = refused.map(({ change }) => change);
    if (left.length === before.length) break;
  } while (left.length > 0);
  const act = nextAct(planned);
  const isNow = ({ change }: PlannedChange<C>) =>
    act?.kind === "apply" ? act.planned.some((now) => now.change === change) : act?.change === change;
  const later = planned.filter((other) => !isNow(other)).map(({ change }) => change);
  return { refused, settled, act, later };
}

function nextAct<C extends Change>(planned: readonly PlannedChange<C>[]): Act<C> | undefined {
  const others = planned.filter(({ plan }) => !plan.reboot);
  if (others.length > 0) return { kind: "apply", planned: others };
  const notes = planned.filter(({ plan }) => plan.steps.length > 0);
  if (notes.length > 0) return { kind: "apply", planned: notes };
  const [first] = planned;
  return first?.plan.reboot && { kind: "reboot", change: first.change, reboot: first.plan.reboot };
}

/** The trial of an apply: one of its plans must be confirmed, and all of them are one script. */
export function trialOf(
  planned: readonly { readonly change: Pick<Change, "safety">; readonly plan: Plan }[],
): Trial | undefined {
  if (!planned.some(({ change, plan }) => isOnTrial(plan, change.safety))) return undefined;
  return {
    confirmSeconds: Math.max(...planned.map(({ change }) => change.safety.confirmSeconds)),
    taken: [...new Set(takenAtOnce(planned.map(({ plan }) => plan)))],
  };
}

/** What the host loses at once by these plans: `0000:03:00.0 left e1000e`. */
export function leavingBy(facts: HostFacts, plans: readonly Plan[]): readonly string[] {
  return takenAtOnce(plans).map((address) => `${address} left ${facts.pciDevices.get(address)?.driver ?? "the host"}`);
}

function takenAtOnce(plans: readonly Plan[]): readonly PciAddress[] {
  const taken = plans.flatMap(({ steps }) => steps.flatMap((step) => takenBy(step)));
  return taken.flatMap(({ address, when }) => (when === "now" ? [address] : []));
}

/** The group of a script that carries out one plan. */
export function groupOf({
  change,
  plan,
}: {
  readonly change: Pick<Change, "label" | "purpose">;
  readonly plan: Plan;
}): ApplyGroup {
  return { title: `${change.label}: ${change.purpose}`, steps: plan.steps, regenerate: plan.regenerate };
}
