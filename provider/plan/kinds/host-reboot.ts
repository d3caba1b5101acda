import type { HostFacts } from "../../facts/host-facts";
import type { Reboot, Step } from "../../steps/step";
import { claimFor, claimKey, claimToGiveBack, findClaim } from "../claim";
import { waitingChanges } from "../hide/boot-changes";
import { emptyPlan, type Plan } from "../plan";
import { runningVms } from "../toolstacks/host-vms";
import type { Owner, PlanContext, RebootWish } from "../wish";

/** In: facts and the wish that the host is rebooted when it is time. Out: the reboot, or why there is none. */
export function planReboot(facts: HostFacts, wish: RebootWish, { owner }: PlanContext): Plan {
  // The stack's own changes: others reboot when it is time for theirs.
  const waiting = waitingChanges(facts, owner);
  const asked = wish.when === "always" && !wasRebooted(facts, wish, owner);
  const key = rebootKey(wish, owner);
  const noted =
    wish.when === "always"
      ? claimFor(facts, key, owner, {
          drivers: [],
          entries: [],
          reboot: asked
            ? { triggers: [...wish.triggers], bootId: facts.machine.bootId }
            : findClaim(facts, key)?.reboot,
        }).steps
      : [];
  if (waiting.length === 0 && !asked)
    return { ...emptyPlan("no boot change waits: the host is not rebooted"), steps: noted };
  const vms = runningVms(facts);
  const reboot: Reboot = {
    kind: "reboot",
    bootId: facts.machine.bootId,
    by: facts.machine.isXenServer ? "xapi" : "init",
    timeoutSeconds: wish.timeoutSeconds,
  };
  return {
    steps: [...noted, reboot],
    effects: [
      "the host is rebooted",
      ...waiting.map(({ what }) => `because ${what}`),
      ...(waiting.length === 0 ? ["because the program asks for it"] : []),
      ...(vms.length > 0 ? [`its running VMs go down with it: ${vms.join(", ")}`] : []),
    ],
    warnings: [],
    refusals:
      vms.length > 0 && !wish.allowRunningVms
        ? [
            {
              guard: undefined,
              message: `its VMs ${vms.join(", ")} run. Shut them down first, or let them go down with the host: allowRunningVms: true`,
            },
          ]
        : [],
  };
}

/** Nothing of a reboot can be taken back; only what was noted of it goes. */
export function planWithoutReboot(facts: HostFacts, wish: RebootWish, { owner }: PlanContext): Plan {
  const key = rebootKey(wish, owner);
  const claim = claimToGiveBack(facts, key, owner);
  const steps: Step[] = claim ? [{ kind: "drop-claim", key, before: claim }] : [];
  return { steps, effects: [], warnings: [], refusals: [] };
}

export interface RebootStatus {
  /** The boot of the moment: another one after each reboot. */
  readonly bootId: string;
  readonly pending: "none" | "host-reboot";
  /** What a reboot would bring about, for whichever stack. */
  readonly waiting: readonly string[];
}

export function rebootStatus(facts: HostFacts): RebootStatus {
  const waiting = waitingChanges(facts, undefined).map(({ what }) => what);
  return { bootId: facts.machine.bootId, pending: waiting.length > 0 ? "host-reboot" : "none", waiting };
}

/** Whether these triggers had their reboot: noted in an earlier boot, so that no crash between asks for a second one. */
function wasRebooted(facts: HostFacts, wish: RebootWish, owner: Owner): boolean {
  const done = findClaim(facts, rebootKey(wish, owner))?.reboot;
  return (
    done !== undefined &&
    done.bootId !== facts.machine.bootId &&
    JSON.stringify(done.triggers) === JSON.stringify(wish.triggers)
  );
}

/** Each stack reboots for its own reasons, so that several may share a host. */
function rebootKey(wish: RebootWish, { project, stack }: Owner): string {
  return `${claimKey(wish)}/${encodeURIComponent(project)}.${encodeURIComponent(stack)}`;
}
