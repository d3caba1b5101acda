import type { ResourceKind } from "../claims/claim-key";
import { PassthroughError, sentence, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { vmFilesOf } from "../plan/claim";
import { neither } from "../plan/effect";
import { waitingChanges } from "../plan/hide/boot-changes";
import type { Bag } from "../plan/kind";
import { type ExpectedEnd, expectEnd, expectHost, type HostProgram, statusAtEnd } from "../plan/kinds/expected-host";
import { KINDS, keyOf, planPresent, purposeOf, statusOfWish } from "../plan/kinds/kinds";
import { isEmpty, type Plan } from "../plan/plan";
import { isOnTrial, type Safety, safetyOf, trialEffect } from "../plan/safety";
import type { Wish } from "../plan/wish";
import { sameValue } from "../same-value";
import { applyScript } from "../script/apply-script";
import { simulate } from "../steps/steps";
import type { Call } from "./call";
import { type DeclaredProgram, twinOf, wishIn } from "./declared-program";
import { tellEffects } from "./effect-lines";
import type { Occasion } from "./facts-cache";
import { driftOf, pick, plain } from "./input-bag";
import { type Failure, WITHOUT_VALUE } from "./input-failures";
import { programOnHost } from "./program-on-host";
import { questionsOf } from "./questions";
import type { Surroundings } from "./surroundings";
import { groupOf, trialOf } from "./turn";
import { containsUnknown, UNKNOWN_TEXT } from "./unknowns";
import { unlessUnreached } from "./unless-unreached";
import { urnBeside } from "./urn";
import { CommonInputs, type Managed, ownerOf, type Wanted, wantedOf } from "./wanted";

/** What the facts of a host say of a resource. */
export interface Judged {
  /** Why the engine must refuse the resource. */
  readonly failures: readonly Failure[];
  /** Undefined where the host cannot tell, or an input that matters is not known yet. */
  readonly outlook: Outlook | undefined;
}

/** What a resource will be at the end of the run, as far as that can be foretold. */
export interface Outlook {
  readonly outputs: Bag;
  /** What the host says otherwise than the state, and the run puts right; undefined when there is nothing of that. */
  readonly drift: Bag | undefined;
}

function refused(failures: readonly Failure[]): Judged {
  return { failures, outlook: undefined };
}

/**
 * Judges a kind's resources by the facts of their hosts: why the engine must refuse one, and the outputs that it will
 * have, in preview and up alike. In preview it also logs the effects on the host.
 */
export function defineJudge(kind: ResourceKind, surroundings: Surroundings) {
  const { hostFor, log, env, run, typeOf } = surroundings;
  const { property, foretold, wish: wishOf } = KINDS[kind];
  // By URN: the engine checks a replacement twice (step_generator.go, 3.259).
  const described = new Set<string>();

  const judgeWanted = async (wanted: Wanted, { program, preview }: Call, before: Bag | undefined): Promise<Judged> => {
    const { inputs, urn, host, wish, vms: own } = wanted;
    const twin = twinOf(wish, urn.name, program);
    if (twin !== undefined) return refused([{ property, reason: twin }]);
    const vms = [...own, ...(program?.declarations ?? []).map(({ vm }) => vm)];
    // What is new is made next.
    const occasion = preview ? "preview" : before === undefined ? "change" : "work";
    const reading = (): Promise<HostFacts> => {
      // The own host first, with all of its questions: among the others it would be read once without them.
      const facts = host.facts(occasion, questionsOf(inputs.host, vms));
      readOthers(occasion);
      return facts;
    };
    try {
      const now = preview ? await unlessUnreached(surroundings, inputs, host, urn, reading) : await reading();
      if (!now) return refused([]);
      if (now.machine.id !== undefined) run.machines.set(urn.text, now.machine.id);
      const isDeployed = before !== undefined;
      const hostProgram = programOnHost(program, wanted, { token: undefined, isDeployed });
      const end = run.expectedEnds.get(now, hostProgram);
      if (preview && program) {
        const tell = () => tellRemoved(wanted, now, hostProgram, end);
        if (run.hosts) await tell();
        else run.untold.push(tell);
      } else if (program && wish.kind === "HostReboot") run.hostReboots.set(now.machine.id ?? "", wanted);
      const { facts, plan, replaced, restored } = expectHost(now, wish, hostProgram);
      const lastReboot = wish.kind === "HostReboot" ? end.lastReboot : undefined;
      const purpose = purposeOf(facts, wish, "present");
      // What is removed may be what holds it, and only the engine knows which it removes first: the apply judges.
      const isHeldUp = program && end.removed.length === 0;
      const refusals = [...((isHeldUp && replaced?.refusals) || []), ...plan.refusals, ...(lastReboot?.refusals ?? [])];
      if (refusals.length > 0)
        return refused(
          refusals.map(({ message }) => ({ property, reason: unable({ purpose, host: host.name, reason: message }) })),
        );
      if (preview && !described.has(urn.text)) {
        described.add(urn.text);
        // A plan that does nothing says so, unless the reboot comes later.
        const own = lastReboot && isEmpty(plan) ? [] : [withTrial(plan, host, safetyOf(inputs.host.safety, env), now)];
        const told = [replaced, ...own, ...restored, lastReboot].filter((plan) => plan !== undefined);
        await tellEffects(log, urn, host.name, told);
        if (wish.kind === "HostReboot") await warnOfBeside(wanted, now, program);
        if (env.PCI_PASSTHROUGH_SHOW_SCRIPTS === "1") await showScript({ inputs, urn, host }, plan, purpose);
      }
      return { failures: [], outlook: outlookOf(now, wish, before ?? {}, end, preview) };
    } catch (error) {
      if (error instanceof PassthroughError) return refused([{ property: WITHOUT_VALUE, reason: error.message }]);
      throw error;
    }
  };

  /** All hosts side by side: the engine checks one resource after the other, and each reports the errors of its host. */
  const readOthers = (occasion: Occasion) => {
    for (const other of run.unreadHosts.splice(0))
      hostFor(other)
        .facts(occasion, questionsOf(other, []))
        .catch(() => {});
  };

  /** What had to wait until all hosts were known, in the check of another resource: that one is not to fail by it. */
  const tellUntold = async () => {
    if (!run.hosts) return;
    for (const tell of run.untold.splice(0)) await tell().catch(() => {});
  };

  /** Once for a host. */
  const withTrial = (plan: Plan, { name }: Managed, safety: Safety, facts: HostFacts): Plan => {
    const machine = facts.machine.id ?? name;
    if (run.trialMachines.has(machine) || !isOnTrial(plan, safety)) return plan;
    run.trialMachines.add(machine);
    return { ...plan, effects: [...plan.effects, neither(trialEffect(safety, facts))] };
  };

  /** What the resource, whose outputs in the state are `before`, will be at the end of the run. */
  const outlookOf = (now: HostFacts, wish: Wish, before: Bag, end: ExpectedEnd, preview: boolean): Outlook => {
    const key = keyOf(now, wish) ?? "";
    const { status, isRebooted } = statusAtEnd(now, end, wish, key);
    const expected = pick(plain(status), foretold);
    const found = pick(plain(statusOfWish(now, wish, key)), foretold);
    const drift = foretold.filter(
      (name) => name in before && !sameValue(found[name], before[name]) && sameValue(expected[name], before[name]),
    );
    return {
      outputs: { ...expected, ...(preview && isRebooted && "bootId" in expected ? { bootId: UNKNOWN_TEXT } : {}) },
      drift: driftOf(found, drift),
    };
  };

  /** The engine asks about no resource that the program no longer declares: their hosts tell of them. */
  const tellRemoved = async (
    { inputs, urn, host }: Wanted,
    facts: HostFacts,
    hostProgram: HostProgram,
    end: ExpectedEnd,
  ) => {
    const machine = facts.machine.id ?? host.name;
    if (!hostProgram.complete || run.previewedHosts.has(machine)) return;
    run.previewedHosts.add(machine);
    const files = vmFilesOf(facts, urn);
    const { removed } =
      files.length > 0 ? expectEnd(await host.facts("preview", questionsOf(inputs.host, files)), hostProgram) : end;
    if (removed.length === 0) return;
    // Declarations that name the same machine in another way are not among those of this host.
    const others = (run.hosts ?? []).map(hostFor).filter((other) => other !== host);
    const found = await Promise.allSettled(others.map((other) => other.facts("preview", questionsOf(inputs.host, []))));
    if (found.some((other) => other.status === "rejected" || other.value.machine.id === facts.machine.id)) return;
    for (const { kind, label: name, owner, plan } of removed) {
      const resource = urnBeside(urn, typeOf(kind), { parents: owner.parents, name });
      if (plan.refusals.length === 0) await tellEffects(log, resource, host.name, [plan]);
      for (const { message } of plan.refusals)
        await log.warn(`${host.name}: this cannot be removed: ${sentence(message)}`, resource);
    }
  };

  /** What a reboot may come before, although it is for that. */
  const warnOfBeside = async ({ urn, host }: Wanted, now: HostFacts, program: DeclaredProgram | undefined) => {
    for (const { label, wish } of program?.beside("HostReboot", urn.name) ?? []) {
      const owner = { ...ownerOf(urn, { token: undefined, isDeployed: true }), label };
      const made = wish ? simulate(now, planPresent(now, wish, { owner, program: [] }).steps) : now;
      if (waitingChanges(made, owner).length > waitingChanges(now, owner).length)
        await log.warn(
          `${host.name}: the host may be rebooted before "${label}" is made: name it in the dependsOn of this HostReboot.`,
          urn,
        );
    }
  };

  const showScript = async (
    { inputs, urn, host }: Pick<Wanted, "inputs" | "urn" | "host">,
    plan: Plan,
    purpose: string,
  ) => {
    if (isEmpty(plan)) return;
    const group = groupOf({ change: { label: urn.name, purpose }, plan });
    const trial = trialOf([{ change: { safety: safetyOf(inputs.host.safety, env) }, plan }]);
    const script = applyScript("preview", [group], trial);
    await log.info(
      `Would run this on ${host.name}, after planning it once more under the host's lock:\n${script}`,
      urn,
    );
  };

  /** `before`: the outputs in the state, as far as they are known; undefined for a resource that it does not have. */
  return async (call: Call, inputs: Bag, before: Bag | undefined): Promise<Judged> => {
    const { urn, program, hosts } = call;
    if (hosts) {
      run.hosts = hosts;
      run.unreadHosts.push(...hosts);
    }
    const common = CommonInputs.safeParse(inputs);
    if (!common.success) return refused([]);
    const isKnown = !containsUnknown(inputs);
    // What waits for another resource in preview may be known from the declarations.
    const wish = isKnown ? wishOf(inputs) : program && wishIn(program, kind, urn.name);
    if (!wish) return refused([]);
    if (program) run.programs.set(urn.text, program);
    const judged = await judgeWanted(wantedOf(call, common.data, wish, hostFor), call, before);
    if (judged.outlook) run.foretold.set(urn.text, judged.outlook.outputs);
    await tellUntold();
    return judged;
  };
}
