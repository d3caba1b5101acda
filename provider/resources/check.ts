import type { dynamic } from "@pulumi/pulumi";
import type { ResourceKind } from "../claims/claim-key";
import { ConnectionError, PassthroughError, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { vmFilesOf } from "../plan/claim";
import type { Bag } from "../plan/kind";
import { type ExpectedEnd, expectEnd, expectHost, type HostProgram, statusAtEnd } from "../plan/kinds/expected-host";
import { KINDS, keyOf, purposeOf, statusOfWish } from "../plan/kinds/kinds";
import { isEmpty, type Plan } from "../plan/plan";
import { isOnTrial, type Safety, safetyOf, trialEffect } from "../plan/safety";
import type { Wish } from "../plan/wish";
import { applyScript } from "../script/apply-script";
import { type DeclaredProgram, readProgram, twinOf, wishIn } from "./declared-program";
import { tellEffects } from "./effect-lines";
import { failuresOf, pick, plain, sameValue, WITHOUT_VALUE } from "./input-bag";
import { programOnHost } from "./program-on-host";
import { questionsOf } from "./questions";
import type { Surroundings } from "./surroundings";
import { groupOf, trialOf } from "./turn";
import { containsUnknown, UNKNOWN_TEXT } from "./unknowns";
import { parseUrn, urnOf } from "./urn";
import { CommonInputs, inputsOf, type Wanted, wantedOf } from "./wanted";

const UNCHECKED = "Effects and guards were not checked for this host.";

/** What a check found. */
interface Judged {
  readonly failures: readonly dynamic.CheckFailure[];
  /** The outputs at the end of the run, as far as they can be foretold. */
  readonly outlook: Bag | undefined;
}

function refused(failures: readonly dynamic.CheckFailure[]): Judged {
  return { failures, outlook: undefined };
}

/** The check of a kind: inputs as the state keeps them, and why the engine must refuse the resource. */
export function defineCheck(kind: ResourceKind, surroundings: Surroundings) {
  const { hostFor, log, env, run } = surroundings;
  const { property, foretold, wish: wishOf } = KINDS[kind];
  const schema = inputsOf(kind);
  const names = Object.keys(schema.shape);
  // By URN: the engine checks a replacement twice (step_generator.go, 3.259).
  const described = new Set<string>();

  /**
   * Why the engine must refuse a resource, and the outputs that it will have, in preview and up alike; none where the
   * host cannot tell. In preview it also logs the effects on the host.
   */
  const judge = async (wanted: Wanted, olds: Bag, program: DeclaredProgram | undefined): Promise<Judged> => {
    const { inputs, urn, host, wish, vms: own } = wanted;
    const problems = program?.problems ?? [];
    if (problems.length > 0) return refused(problems.map((reason) => ({ property: WITHOUT_VALUE, reason })));
    const twin = twinOf(wish, urn.name, program);
    if (twin !== undefined) return refused([{ property, reason: twin }]);
    if (program?.preview && env.PCI_PASSTHROUGH_OFFLINE === "1") {
      await host.warnOnce(`${host.name} was not asked (PCI_PASSTHROUGH_OFFLINE=1). ${UNCHECKED}`, log);
      return refused([]);
    }
    const vms = [...own, ...(program?.declarations ?? []).map(({ vm }) => vm)];
    const patience = program?.preview ? "preview" : "work";
    // The own host first, with all of its questions: among the others it would be read once without them.
    const reading = host.facts(patience, questionsOf(inputs.host, vms));
    for (const other of program?.hosts ?? [])
      hostFor(other)
        .facts(patience, questionsOf(other, []))
        .catch(() => {}); // read in parallel; each check reports the errors of its own host
    try {
      const now = await reading;
      const isDeployed = Object.keys(olds).length > 0;
      const hostProgram = programOnHost(program, wanted, { token: undefined, isDeployed });
      const end = expectEnd(now, hostProgram);
      if (program?.preview) await tellRemoved(wanted, now, program, hostProgram, end);
      else if (program && wish.kind === "HostReboot") run.hostReboots.set(now.machine.id ?? "", wanted);
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
      if (program?.preview && !described.has(urn.text)) {
        described.add(urn.text);
        // A plan that does nothing says so, unless the reboot comes later.
        const own = lastReboot && isEmpty(plan) ? [] : [withTrial(plan, host.name, safetyOf(inputs.host.safety, env))];
        const told = [replaced, ...own, ...restored, lastReboot].filter((plan) => plan !== undefined);
        await tellEffects(log, urn, host.name, told);
        if (env.PCI_PASSTHROUGH_SHOW_SCRIPTS === "1") await showScript({ inputs, urn, host }, plan, purpose);
      }
      return { failures: [], outlook: outlookOf(now, wish, olds, end, program?.preview ?? false) };
    } catch (error) {
      const strict = inputs.host.strict || env.PCI_PASSTHROUGH_STRICT === "1";
      if (error instanceof ConnectionError && error.unreached && program?.preview && !strict) {
        await host.warnOnce(`${error.message}\n${UNCHECKED}`, log);
        return refused([]);
      }
      if (error instanceof PassthroughError) return refused([{ property: WITHOUT_VALUE, reason: error.message }]);
      throw error;
    }
  };

  /** Once for a host. */
  const withTrial = (plan: Plan, host: string, safety: Safety): Plan => {
    if (run.trialHosts.has(host) || !isOnTrial(plan, safety)) return plan;
    run.trialHosts.add(host);
    return { ...plan, effects: [...plan.effects, trialEffect(safety)] };
  };

  /**
   * What the resource will be at the end of the run, and as `drift` what the host says otherwise than the state and the
   * run puts right. The engine shows of an update only how its inputs differ, so they are among them.
   */
  const outlookOf = (now: HostFacts, wish: Wish, olds: Bag, end: ExpectedEnd, preview: boolean): Bag => {
    const key = keyOf(now, wish) ?? "";
    const { status, isRebooted } = statusAtEnd(now, end, wish, key);
    const expected = pick(plain(status), foretold);
    const found = pick(plain(statusOfWish(now, wish, key)), foretold);
    const drift = foretold.filter(
      (name) => name in olds && !sameValue(found[name], olds[name]) && sameValue(expected[name], olds[name]),
    );
    const scalars = drift.filter((name) => typeof found[name] !== "object");
    return {
      ...expected,
      ...(preview && isRebooted && "bootId" in expected ? { bootId: UNKNOWN_TEXT } : {}),
      ...(drift.length > 0 ? { drift: pick(found, scalars.length > 0 ? scalars : drift) } : {}),
    };
  };

  /** The engine asks about no resource that the program no longer declares: their hosts tell of them. */
  const tellRemoved = async (
    { inputs, urn, host }: Wanted,
    facts: HostFacts,
    program: DeclaredProgram,
    hostProgram: HostProgram,
    end: ExpectedEnd,
  ) => {
    const machine = facts.machine.id ?? host.name;
    if (!program.complete || run.previewedHosts.has(machine)) return;
    run.previewedHosts.add(machine);
    const files = vmFilesOf(facts, urn);
    const { removed } =
      files.length > 0 ? expectEnd(await host.facts("preview", questionsOf(inputs.host, files)), hostProgram) : end;
    if (removed.length === 0) return;
    // Declarations that name the same machine in another way are not among those of this host.
    const others = program.hosts.map(hostFor).filter((other) => other !== host);
    const found = await Promise.allSettled(others.map((other) => other.facts("preview", questionsOf(inputs.host, []))));
    if (found.some((other) => other.status === "rejected" || other.value.machine.id === facts.machine.id)) return;
    for (const { kind, label, plan } of removed) {
      const resource = urnOf(urn, kind, label);
      if (plan.refusals.length === 0) await tellEffects(log, resource, host.name, [plan]);
      for (const { message } of plan.refusals)
        await log.warn(`${host.name}: it cannot be removed: ${message}`, resource);
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

  return async (olds: Bag, news: Bag): Promise<dynamic.CheckResult> => {
    const { __provider: _, __program, ...given } = news;
    const unknown = names.filter((name) => containsUnknown(given[name]));
    const known = Object.keys(given).filter((name) => !unknown.includes(name));
    const checked = (unknown.length > 0 ? schema.partial() : schema).safeParse(pick(given, known));
    if (!checked.success) return { inputs: given, failures: [...failuresOf(checked.error)] };
    const inputs = { ...given, ...plain(checked.data) };
    const common = CommonInputs.safeParse(inputs);
    if (!common.success) return { inputs };
    const urn = parseUrn(common.data.__urn);
    const program = readProgram(__program, common.data.host);
    // What waits for another resource in preview may be known from the declarations.
    const wish = unknown.length === 0 ? wishOf(inputs) : program && wishIn(program, kind, urn.name);
    const before = pick(olds, foretold);
    if (!wish) return { inputs: { ...inputs, ...before } };
    if (program) run.programs.set(urn.text, program);
    const { failures, outlook } = await judge(wantedOf(common.data, wish, hostFor), olds, program);
    return { inputs: { ...inputs, ...(outlook ?? before) }, failures: [...failures] };
  };
}
