import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { z } from "zod";
import { formatId, parseId, type ResourceKind } from "../claims/claim-key";
import { ConnectionError, PassthroughError, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { formatPciTarget } from "../pci/address";
import { waitingChanges } from "../plan/hide/boot-changes";
import { HostInput } from "../plan/inputs/host-input";
import type { Bag, Purpose } from "../plan/kind";
import {
  isGone,
  KINDS,
  keyOf,
  planAbsent,
  planPresent,
  purposeOf,
  statusOfWish,
  storedWish,
} from "../plan/kinds/kinds";
import { isEmpty, type Plan } from "../plan/plan";
import type { Owner, PlanContext, Wish } from "../plan/wish";
import { applyScript } from "../script/apply-script";
import { type DeclaredProgram, deviceDeclarations, readProgram, twinOf } from "./declared-program";
import type { EngineLog } from "./engine-log";
import { failuresOf, pick, plain, sameValue, WITHOUT_VALUE } from "./input-bag";
import type { ManagedHost } from "./managed-host";
import { questionsOf } from "./questions";
import { groupOf } from "./turn";
import { containsUnknown } from "./unknowns";

/** The part of a host that the lifecycle uses. */
type Managed = Pick<ManagedHost, "name" | "facts" | "warnOnce" | "apply">;

/** What the lifecycle needs from the process around it. */
export interface Surroundings {
  readonly hostFor: (host: HostInput) => Managed;
  readonly log: EngineLog;
  readonly env: NodeJS.ProcessEnv;
  /** Hosts that this process left in need of a reboot: their names, with what waits for it. */
  readonly waitingHosts: Map<string, string>;
}

/** The inputs that all kinds have, and those that the resource classes add. */
const CommonInputs = z.object({ host: HostInput, __project: z.string(), __stack: z.string(), __label: z.string() });
type CommonInputs = z.infer<typeof CommonInputs>;

/** What a resource wants of a host, read from its inputs or its state. */
interface Wanted {
  readonly inputs: CommonInputs;
  readonly host: Managed;
  readonly wish: Wish;
  /** How the VM is named by the program, and by the key of a resource in the state. */
  readonly vms: readonly (string | undefined)[];
}

/**
 * Turns a kind into a resource provider for the engine. create, read, update and delete reject with PassthroughError.
 */
export function defineResource(kind: ResourceKind, surroundings: Surroundings): dynamic.ResourceProvider {
  const { hostFor, log, env, waitingHosts } = surroundings;
  const { inputs: ownInputs, keyInputs, identity, property, wish: wishOf } = KINDS[kind];
  const schema = ownInputs.extend(CommonInputs.shape);
  const names = Object.keys(schema.shape);

  const read = (bag: Bag): Wanted => {
    const inputs = CommonInputs.parse(bag);
    const wish = wishOf(bag);
    return { inputs, host: hostFor(inputs.host), wish, vms: [vmOf(wish)] };
  };

  const stored = (id: string, bag: Bag): Wanted & { readonly key: string } => {
    const wanted = read(bag);
    const { key } = parseId(id);
    const wish = storedWish(wanted.wish, key);
    return { ...wanted, key, wish, vms: [...wanted.vms, vmOf(wish)] };
  };

  const outputs = (facts: HostFacts, bag: Bag, wish: Wish, key: string, token: string): Bag => ({
    ...plain(pick(bag, names)),
    ...statusOfWish(facts, wish, key),
    __claim: token,
  });

  /**
   * Why the engine must refuse a resource, in preview and up alike. In preview it also logs the effects on the host.
   */
  const judge = async ({ inputs, host, wish, vms: own }: Wanted, program: DeclaredProgram | undefined) => {
    const problems = program?.problems ?? [];
    if (problems.length > 0) return problems.map((reason) => ({ property: WITHOUT_VALUE, reason }));
    const twin = twinOf(wish, inputs.__label, program);
    if (twin !== undefined) return [{ property, reason: twin }];
    if (program?.preview && env.PCI_PASSTHROUGH_OFFLINE === "1") return [];
    const vms = [...own, ...(program?.declarations ?? []).map(({ vm }) => vm)];
    // The own host first, with all of its questions: among the others it would be read once without them.
    const reading = host.facts("preview", questionsOf(inputs.host, vms));
    for (const other of program?.hosts ?? [])
      hostFor(other)
        .facts("preview", questionsOf(other, []))
        .catch(() => {}); // read in parallel; each check reports the errors of its own host
    try {
      const facts = await reading;
      const context = { owner: ownerOf(inputs), program: deviceDeclarations(program) };
      const plan = planPresent(facts, wish, context);
      if (program?.preview && plan.refusals.length === 0) {
        await describe(log, inputs.__label, host.name, plan);
        if (env.PCI_PASSTHROUGH_SHOW_SCRIPTS === "1")
          await showScript(inputs, host, plan, purposeOf(facts, wish, "present"));
      }
      return plan.refusals.map(({ message }) => ({
        property,
        reason: unable({ purpose: purposeOf(facts, wish, "present"), host: host.name, reason: message }),
      }));
    } catch (error) {
      if (error instanceof ConnectionError && error.unreached) {
        await host.warnOnce(`${error.message}\nEffects and guards were not checked for this host.`, log);
        return [];
      }
      if (error instanceof PassthroughError) return [{ property: WITHOUT_VALUE, reason: error.message }];
      throw error;
    }
  };

  const showScript = async (inputs: CommonInputs, host: Managed, plan: Plan, purpose: string) => {
    if (isEmpty(plan)) return;
    const group = groupOf({ change: { label: inputs.__label, purpose }, plan });
    const script = applyScript("preview", [group]);
    await log.info(
      `${inputs.__label} would run this on ${host.name}, after planning it once more under the host's lock:\n${script}`,
    );
  };

  /** Plans and applies. Gives the facts after it, the last plan that was not empty (else the first), and the owner. */
  const carryOut = async ({ inputs, host, wish, vms }: Wanted, token: string, purpose: Purpose) => {
    const planFor = purpose === "present" ? planPresent : planAbsent;
    const owner: Owner = { ...ownerOf(inputs), token };
    const before = await host.facts("work", questionsOf(inputs.host, vms));
    let done: Plan | undefined;
    const after = await host.apply({
      label: inputs.__label,
      purpose: purposeOf(before, wish, purpose),
      device: "target" in wish ? formatPciTarget(wish.target) : undefined,
      plan: (facts) => {
        const plan = planFor(facts, wish, { owner, program: [] });
        if (!done || !isEmpty(plan)) done = plan;
        return plan;
      },
      progress: (line) => void log.info(`${inputs.__label} on ${host.name}: ${line}`),
    });
    return { after, done, owner };
  };

  /** Logs which hosts need a reboot when that changes, so that the last such line of a destroy names all of them. */
  const tellWaitingHosts = async (name: string, facts: HostFacts, owner: Owner) => {
    const waiting = waitingChanges(facts, owner).map(({ what }) => what);
    const said = waitingHosts.get(name);
    if (waiting.length > 0) waitingHosts.set(name, waiting.join("; "));
    else waitingHosts.delete(name);
    if (waitingHosts.get(name) === said) return;
    const hosts = [...waitingHosts].map(([host, what]) => `\n  ${host}: ${what}`);
    await log.info(
      hosts.length > 0 ? `Hosts that wait for a reboot:${hosts.join("")}` : "No host waits for a reboot any longer.",
    );
  };

  /**
   * The inputs whose change replaces the resource. If the host was read, the key decides: a VM may have been renamed,
   * or have got a uuid.
   */
  const replacedBy = (id: string, olds: Bag, news: Bag, wish: Wish, facts: HostFacts | undefined): string[] => {
    const differ = (inputs: readonly string[]) => inputs.filter((name) => !sameValue(olds[name], news[name]));
    const { machineId, key } = parseId(id);
    const found = facts && keyOf(facts, wish);
    const changed = differ(keyInputs);
    const isSame = found === key || (facts !== undefined && found === keyOf(facts, stored(id, olds).wish));
    const isOther = found === undefined ? changed.length > 0 : !isSame;
    return [
      ...(isOther ? (changed.length > 0 ? changed : keyInputs.slice(-1)) : []),
      ...differ(identity),
      ...(facts && facts.machine.id !== machineId ? ["host"] : []),
    ];
  };

  return {
    async check(_olds: Bag, news: Bag) {
      const { __provider: _, __program, ...given } = news;
      const unknown = names.filter((name) => containsUnknown(given[name]));
      const known = Object.keys(given).filter((name) => !unknown.includes(name));
      const checked = (unknown.length > 0 ? schema.partial() : schema).safeParse(pick(given, known));
      if (!checked.success) return { inputs: given, failures: [...failuresOf(checked.error)] };
      const inputs = { ...given, ...plain(checked.data) };
      if (unknown.length > 0) return { inputs };
      return { inputs, failures: await judge(read(inputs), readProgram(__program)) };
    },

    async diff(id: string, olds: Bag, news: Bag) {
      if (containsUnknown(news)) return { deleteBeforeReplace: true };
      const { inputs, host, wish } = read(news);
      const facts = await factsIfReached(host, inputs, wish, env);
      const replaces = replacedBy(id, olds, news, wish, facts);
      if (replaces.length > 0) return { replaces, deleteBeforeReplace: true };
      if (names.some((name) => !sameValue(olds[name], news[name]))) return { deleteBeforeReplace: true };
      if (!facts) return { changes: false };
      const context: PlanContext = { owner: { ...ownerOf(inputs), token: String(olds.__claim) }, program: [] };
      const drift = planPresent(facts, wish, context);
      return { changes: !isEmpty(drift) || drift.refusals.length > 0 };
    },

    async create(inputs: Bag) {
      const wanted = read(inputs);
      const token = randomUUID();
      const { after } = await carryOut(wanted, token, "present");
      const key = keyOf(after, wanted.wish) ?? "";
      return {
        id: formatId(after.machine.id ?? "", key),
        outs: outputs(after, inputs, wanted.wish, key, token),
      };
    },

    async read(id: string, props: Bag) {
      const { inputs, host, wish, vms, key } = stored(id, props);
      const facts = await host.facts("work", questionsOf(inputs.host, vms));
      if (isGone(facts, wish, key)) return {};
      return { id, props: outputs(facts, props, wish, key, String(props.__claim)) };
    },

    async update(id: string, olds: Bag, news: Bag) {
      const { wish, key } = stored(id, news);
      const token = String(olds.__claim);
      const { after } = await carryOut(read(news), token, "present");
      return { outs: outputs(after, news, wish, key, token) };
    },

    async delete(id: string, props: Bag) {
      const wanted = stored(id, props);
      const { after, done, owner } = await carryOut(wanted, String(props.__claim), "absent");
      if (done) await describe(log, wanted.inputs.__label, wanted.host.name, done);
      await tellWaitingHosts(wanted.host.name, after, owner);
    },
  };
}

async function describe(log: EngineLog, label: string, host: string, plan: Plan): Promise<void> {
  const lines = [...plan.effects, ...plan.warnings.map((warning) => `note: ${warning}`)];
  if (lines.length > 0) await log.info([`${label} on ${host}:`, ...lines.map((line) => `  ${line}`)].join("\n"));
}

async function factsIfReached(
  host: Managed,
  inputs: CommonInputs,
  wish: Wish,
  env: NodeJS.ProcessEnv,
): Promise<HostFacts | undefined> {
  if (env.PCI_PASSTHROUGH_OFFLINE === "1") return undefined;
  try {
    return await host.facts("preview", questionsOf(inputs.host, [vmOf(wish)]));
  } catch (error) {
    if (error instanceof PassthroughError) return undefined; // check has reported it already
    throw error;
  }
}

function ownerOf(inputs: CommonInputs): Owner {
  return { project: inputs.__project, stack: inputs.__stack, label: inputs.__label, token: undefined };
}

/** What the program calls a VM; may be a file, which the facts then have to include. */
function vmOf(wish: Wish): string | undefined {
  return "vm" in wish ? wish.vm : undefined;
}
