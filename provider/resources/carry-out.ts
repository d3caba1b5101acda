import { setTimeout as delay } from "node:timers/promises";
import { PassthroughError } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { keptByObject } from "../kept-by-object";
import { formatPciTarget, overlap } from "../pci/address";
import { waitingChanges } from "../plan/hide/boot-changes";
import type { Purpose } from "../plan/kind";
import { type HostProgram, planRestored, type Restored } from "../plan/kinds/expected-host";
import { planAbsent, planPresent, purposeOf } from "../plan/kinds/kinds";
import { planRemoved } from "../plan/kinds/removed";
import { isEmpty, type Plan } from "../plan/plan";
import { safetyOf } from "../plan/safety";
import type { DeclaredWish, Owner } from "../plan/wish";
import type { Change } from "./change";
import { tellEffects } from "./effect-lines";
import { endable } from "./endable";
import type { Occasion } from "./facts-cache";
import { programOnHost } from "./program-on-host";
import { questionsOf } from "./questions";
import type { Surroundings } from "./surroundings";
import { type InState, type Managed, ownerOf, type Wanted } from "./wanted";

/** Another resource than the one that the engine asks about, whose token is not told. */
const IN_STATE: InState = { token: undefined, isDeployed: true };

/** Makes the changes that resources want, and reboots hosts for them. Its functions reject with PassthroughError. */
export function defineCarryOut({ log, env, run }: Surroundings) {
  /** What the program of this run declares on the host of a resource; undefined when no program runs. */
  const hostProgramOf = (wanted: Wanted): HostProgram | undefined => {
    const program = run.programs.get(wanted.urn.text);
    return program && programOnHost(program, wanted, IN_STATE);
  };

  /**
   * Plans, applies, and says what was done; after a reboot also what that undid of the declarations before. Gives the
   * facts after it.
   */
  const carryOut = async (wanted: Wanted, state: InState, purpose: Purpose): Promise<HostFacts> => {
    run.underWay.add(wanted);
    try {
      return await planAndApply(wanted, state, purpose);
    } finally {
      run.underWay.delete(wanted);
    }
  };

  const planAndApply = async (wanted: Wanted, state: InState, purpose: Purpose): Promise<HostFacts> => {
    const { inputs, urn, host, wish, signal } = wanted;
    const planFor = purpose === "present" ? planPresent : planAbsent;
    const context = { owner: ownerOf(urn, state), program: [] };
    const planOn = keptByObject((facts: HostFacts) => planFor(facts, wish, context));
    const before = await factsFor(wanted, "change");
    const progress = (line: string) => void log.status(`${host.name}: ${line}`, urn);
    const changeOf = ({ wish, context }: Pick<Restored, "wish" | "context">, plan: Change["plan"]): Change => ({
      label: context.owner.label,
      purpose: purposeOf(before, wish, purpose),
      device: "target" in wish ? formatPciTarget(wish.target) : undefined,
      safety: safetyOf(inputs.host.safety, env),
      plan,
      progress,
      signal,
    });
    let done: Plan | undefined;
    const apply = () =>
      host.apply(
        changeOf({ wish, context }, (facts) => {
          const plan = planOn(facts);
          // After a reboot there may be a boot to confirm.
          if (!isEmpty(plan) && (plan.reboot || !done?.reboot)) done = plan;
          return plan;
        }),
      );
    const { reboot } = planOn(before);
    const after = reboot
      ? await run.rebootTurns.take(
          host.name,
          reboot.maxParallel,
          () => progress("waits until other hosts are back"),
          apply,
        )
      : await apply();
    const program = done?.reboot ? hostProgramOf(wanted) : undefined;
    const restored = program ? planRestored(after, wish, program) : [];
    const ends = await Promise.all(
      restored.map((undone) =>
        host.apply(changeOf(undone, (facts) => planPresent(facts, undone.wish, undone.context))),
      ),
    );
    await tellEffects(log, urn, host.name, [...(done ? [done] : []), ...restored.map(({ plan }) => plan)]);
    return ends.at(-1) ?? after;
  };

  /** Takes a resource back. The last of those that the program does not declare any more reboots the host, if needed. */
  const takeBack = async (wanted: Wanted, state: InState): Promise<void> => {
    const { host } = wanted;
    run.unfinishedHosts.add(host);
    try {
      const after = await rebootLast(wanted, await takeFromVm(wanted, state));
      if (isLast(wanted, after, declaredOn(after))) run.unfinishedHosts.delete(host);
      await tellWaitingHosts(host, after, ownerOf(wanted.urn, state));
    } catch (error) {
      run.unfinishedHosts.delete(host);
      throw error;
    }
  };

  /**
   * Takes a resource back. A device that a VM has goes behind the attachment that goes, too: the engine may ask for that
   * only later, where neither names the other.
   */
  const takeFromVm = async (wanted: Wanted, state: InState): Promise<HostFacts> => {
    const before = await factsFor(wanted, "change");
    try {
      return await carryOut(wanted, state, "absent");
    } catch (error) {
      const isWithVm = error instanceof PassthroughError && error.guard === "in-use-by-vm";
      if (!isWithVm || !hasAttachmentToGo(wanted, before) || !(await losesAttachment(wanted))) throw error;
      return takeFromVm(wanted, state);
    }
  };

  /** Waits until the attachment is gone; false if the engine does not come to it. */
  const losesAttachment = async (wanted: Wanted): Promise<boolean> => {
    let idle = 0;
    while (hasAttachmentToGo(wanted, await factsFor(wanted, "work"))) {
      if (idle === run.attachmentSeconds) return false;
      idle = run.underWay.size > 0 ? 0 : idle + 1;
      await delay(1000);
    }
    return true;
  };

  const hasAttachmentToGo = ({ inputs, urn, wish }: Wanted, facts: HostFacts): boolean =>
    planRemoved(facts, urn, declaredOn(facts), inputs.host).some(
      (removed) =>
        removed.kind === "VmPciAttachment" &&
        "target" in removed.wish &&
        "target" in wish &&
        overlap(removed.wish.target, wish.target),
    );

  const factsFor = ({ inputs, host, vms, signal }: Wanted, occasion: Occasion): Promise<HostFacts> =>
    endable(signal, () => host.facts(occasion, questionsOf(inputs.host, vms)));

  /** All that the program of this run declares on a machine, or on one that is not known; nothing in a destroy. */
  const declaredOn = ({ machine }: HostFacts): readonly DeclaredWish[] =>
    [...run.programs].flatMap(([urn, { declarations }]) =>
      (run.machines.get(urn) ?? machine.id) === machine.id ? declarations : [],
    );

  /** Whether nothing else of the stack is left on the host that is not declared. */
  const isLast = ({ urn, inputs }: Wanted, facts: HostFacts, declared: readonly DeclaredWish[]): boolean =>
    planRemoved(facts, urn, declared, inputs.host).every(({ kind }) => kind === "HostReboot");

  /** What is replaced, and so still declared, is deleted before the HostReboot has its turn. */
  const rebootLast = async (removed: Wanted, facts: HostFacts): Promise<HostFacts> => {
    const id = facts.machine.id ?? "";
    const hostReboot = run.hostReboots.get(id);
    const program = hostReboot && hostProgramOf(hostReboot);
    const isReplaced = program?.declared.some(
      ({ kind, label }) => kind === removed.wish.kind && label === removed.urn.name,
    );
    if (!hostReboot || !program?.complete || isReplaced || !isLast(removed, facts, program.declared)) return facts;
    const { reboot } = planPresent(facts, hostReboot.wish, { owner: ownerOf(hostReboot.urn, IN_STATE), program: [] });
    if (!reboot) return facts;
    const rebooting = run.lastReboots.get(id) ?? carryOut(hostReboot, IN_STATE, "present");
    run.lastReboots.set(id, rebooting);
    return rebooting.finally(() => run.lastReboots.delete(id));
  };

  /** Says which hosts wait for a reboot, once nothing is left to remove on any. */
  const tellWaitingHosts = async (host: Managed, facts: HostFacts, owner: Owner) => {
    const waiting = waitingChanges(facts, owner).map(({ what }) => what);
    if (waiting.length > 0) run.waitingHosts.set(host, waiting.join("; "));
    else run.waitingHosts.delete(host);
    const byName = [...run.waitingHosts].sort(([a], [b]) => a.name.localeCompare(b.name));
    const hosts = byName.map(([{ name }, what]) => `\n  ${name}: ${what}`).join("");
    if (run.unfinishedHosts.size > 0 || hosts === run.saidOfWaitingHosts) return;
    run.saidOfWaitingHosts = hosts;
    await log.info(hosts === "" ? "No host waits for a reboot any longer." : `Hosts that wait for a reboot:${hosts}`);
  };

  return { carryOut, takeBack, hostProgramOf };
}
