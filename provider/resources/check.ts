import type { dynamic } from "@pulumi/pulumi";
import type { ResourceKind } from "../claims/claim-key";
import { ConnectionError, PassthroughError, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import type { Bag } from "../plan/kind";
import { expectHost } from "../plan/kinds/expected-host";
import { KINDS, planPresent, purposeOf } from "../plan/kinds/kinds";
import { planRemoved } from "../plan/kinds/removed";
import { isEmpty, type Plan } from "../plan/plan";
import { safetyOf } from "../plan/safety";
import { applyScript } from "../script/apply-script";
import {
  type DeclaredProgram,
  deviceDeclarations,
  otherDeclarations,
  readProgram,
  twinOf,
  wishIn,
} from "./declared-program";
import { tellEffects } from "./effect-lines";
import { failuresOf, pick, plain, WITHOUT_VALUE } from "./input-bag";
import { questionsOf } from "./questions";
import { groupOf, trialOf } from "./turn";
import { containsUnknown } from "./unknowns";
import { parseUrn, urnOf } from "./urn";
import { CommonInputs, inputsOf, ownerOf, type Surroundings, type Wanted, wantedOf } from "./wanted";

/** The check of a kind: inputs as the state keeps them, and why the engine must refuse the resource. */
export function defineCheck(kind: ResourceKind, surroundings: Surroundings) {
  const { hostFor, log, env, previewedHosts } = surroundings;
  const { property, wish: wishOf } = KINDS[kind];
  const schema = inputsOf(kind);
  const names = Object.keys(schema.shape);
  // By URN: the engine checks a replacement twice (step_generator.go, 3.259).
  const described = new Set<string>();

  /**
   * Why the engine must refuse a resource, in preview and up alike. In preview it also logs the effects on the host.
   */
  const judge = async (wanted: Wanted, program: DeclaredProgram | undefined) => {
    const { inputs, urn, host, wish, vms: own } = wanted;
    const problems = program?.problems ?? [];
    if (problems.length > 0) return problems.map((reason) => ({ property: WITHOUT_VALUE, reason }));
    const twin = twinOf(wish, urn.name, program);
    if (twin !== undefined) return [{ property, reason: twin }];
    if (program?.preview && env.PCI_PASSTHROUGH_OFFLINE === "1") return [];
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
      if (program?.preview) await tellRemoved(wanted, now, program);
      const context = { owner: ownerOf(urn, undefined), program: deviceDeclarations(program) };
      const others = program ? otherDeclarations(program, kind, urn.name) : [];
      const { facts, replaced } = expectHost(now, wish, others, context, inputs.host);
      const plan = planPresent(facts, wish, context);
      if (program?.preview && plan.refusals.length === 0 && !described.has(urn.text)) {
        described.add(urn.text);
        await tellEffects(log, urn, host.name, replaced ? [replaced, plan] : [plan]);
        if (env.PCI_PASSTHROUGH_SHOW_SCRIPTS === "1")
          await showScript({ inputs, urn, host }, plan, purposeOf(facts, wish, "present"));
      }
      return plan.refusals.map(({ message }) => ({
        property,
        reason: unable({ purpose: purposeOf(facts, wish, "present"), host: host.name, reason: message }),
      }));
    } catch (error) {
      if (error instanceof ConnectionError && error.unreached && program?.preview) {
        await host.warnOnce(`${error.message}\nEffects and guards were not checked for this host.`, log);
        return [];
      }
      if (error instanceof PassthroughError) return [{ property: WITHOUT_VALUE, reason: error.message }];
      throw error;
    }
  };

  /** The engine asks about no resource that the program no longer declares: their hosts tell of them. */
  const tellRemoved = async ({ inputs, urn, host, wish }: Wanted, facts: HostFacts, program: DeclaredProgram) => {
    if (!program.complete || previewedHosts.has(host.name)) return;
    previewedHosts.add(host.name);
    const removed = planRemoved(facts, urn, [...program.declarations, { kind, label: urn.name, wish }], inputs.host);
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

  return async (_olds: Bag, news: Bag): Promise<dynamic.CheckResult> => {
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
    if (!wish) return { inputs };
    return { inputs, failures: await judge(wantedOf(common.data, wish, hostFor), program) };
  };
}
