import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { z } from "zod";
import { ConnectionError, PassthroughError } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { formatPciTarget, parsePciTarget } from "../pci/address";
import { waitingChanges } from "../plan/hide/boot-changes";
import { HostInput } from "../plan/inputs/host-input";
import { isGone, keyOf, planAbsent, planPresent, purposeOf, statusOfWish } from "../plan/kinds/kinds";
import type { Plan } from "../plan/plan";
import type { Owner, PlanContext, Wish } from "../plan/wish";
import { DeclaredProgram, declarationsOf } from "./declared-program";
import type { EngineLog } from "./engine-log";
import type { ManagedHost } from "./managed-host";
import { containsUnknown } from "./unknowns";

/** What makes one resource different from the others; the rest is the same for all. */
export interface ResourceDefinition {
  /** Every input of the resource by name; unknown names are refused. */
  readonly inputs: z.ZodObject;
  /** The wish of inputs that were checked. */
  readonly wish: (checked: Bag) => Wish;
  /** The inputs of another value of which the resource is another one, besides the machine. */
  readonly identity: readonly string[];
}

export function resourceDefinition<Shape extends z.ZodRawShape>(
  inputs: z.ZodObject<Shape, z.core.$strict>,
  identity: readonly (keyof Shape & string)[],
  wish: (checked: z.infer<z.ZodObject<Shape>>) => Wish,
): ResourceDefinition {
  return { inputs, identity, wish: (checked) => wish(inputs.parse(pick(checked, Object.keys(inputs.shape)))) };
}

/** What the lifecycle asks of a host. */
type Managed = Pick<ManagedHost, "name" | "facts" | "warnOnce" | "apply">;

/** What the lifecycle needs of the process around it. */
export interface Surroundings {
  readonly hostFor: (host: HostInput) => Managed;
  readonly log: EngineLog;
  readonly env: NodeJS.ProcessEnv;
  /** Hosts that this process left waiting for a reboot, by name, with what waits. */
  readonly waitingHosts: Map<string, string>;
}

type Bag = Record<string, unknown>;

/** The inputs that all kinds have, and those that the resource classes add. */
const CommonInputs = z.object({ host: HostInput, __project: z.string(), __stack: z.string(), __label: z.string() });
type CommonInputs = z.infer<typeof CommonInputs>;

/** Turns a definition into what the engine's dynamic provider calls: check, diff, create, read, update, delete. */
export function defineResource(definition: ResourceDefinition, surroundings: Surroundings): dynamic.ResourceProvider {
  const { hostFor, log, env, waitingHosts } = surroundings;
  const schema = definition.inputs.extend(CommonInputs.shape);
  const names = Object.keys(schema.shape);

  /** The wish of a resource in the state, whose VM is found by its id: the VM may have got another name since. */
  const stored = (id: string, bag: Bag) => {
    const wish = definition.wish(bag);
    const [, , , vmKey] = id.split("/");
    return {
      inputs: CommonInputs.parse(bag),
      key: id.slice(id.indexOf("/") + 1),
      wish: wish.kind === "VmPciAttachment" && vmKey !== undefined ? { ...wish, vm: decodeURIComponent(vmKey) } : wish,
    };
  };

  const outputs = (facts: HostFacts, bag: Bag, wish: Wish, key: string, token: string): Bag => ({
    ...plain(pick(bag, names)),
    ...statusOfWish(facts, wish, key),
    ...("target" in wish ? { device: formatPciTarget(wish.target) } : {}),
    __claim: token,
  });

  /** In preview a user reads what each host will feel; refusals stand in the way of preview and up alike. */
  const judge = async (inputs: CommonInputs, wish: Wish, program: DeclaredProgram | undefined) => {
    const context: PlanContext = { owner: ownerOf(inputs), program: declarationsOf(program) };
    const property = "target" in wish ? "device" : WITHOUT_VALUE;
    const twin = twinOf(wish, inputs.__label, program);
    if (twin !== undefined) return [{ property, reason: twin }];
    if (program?.preview && env.PCI_PASSTHROUGH_OFFLINE === "1") return [];
    const host = hostFor(inputs.host);
    for (const other of program?.hosts ?? [])
      hostFor(other)
        .facts("preview")
        .catch(() => {}); // read side by side; each check judges its own
    try {
      const facts = await host.facts("preview", vmOf(wish));
      const plan = planPresent(facts, wish, context);
      if (program?.preview && plan.refusals.length === 0) await describe(log, inputs.__label, host.name, plan);
      return plan.refusals.map(({ message }) => ({
        property,
        reason: `Unable to ${purposeOf(facts, wish, true)} on ${host.name}: ${message}`,
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

  const reconcile = async (wish: Wish, inputs: CommonInputs, token: string) => {
    const host = hostFor(inputs.host);
    const context: PlanContext = { owner: { ...ownerOf(inputs), token }, program: [] };
    const before = await host.facts("work", vmOf(wish));
    const facts = await host.apply({
      plan: (now) => planPresent(now, wish, context),
      purpose: purposeOf(before, wish, true),
      progress: (line) => void log.info(`${inputs.__label} on ${host.name}: ${line}`),
    });
    return { facts, key: keyOf(facts, wish) ?? "" };
  };

  /** The last of these lines of a destroy names every host that waits. */
  const tellWaitingHosts = async (name: string, facts: HostFacts, owner: Owner) => {
    const waiting = waitingChanges(facts, owner).map(({ what }) => what);
    const said = waitingHosts.get(name);
    if (waiting.length > 0) waitingHosts.set(name, waiting.join("; "));
    else waitingHosts.delete(name);
    if (waitingHosts.get(name) === said) return;
    const hosts = [...waitingHosts].map(([host, what]) => `\n  ${host}: ${what}`);
    await log.info(
      hosts.length > 0 ? `Hosts that wait for a reboot:${hosts.join("")}` : "No host waits for a reboot any more.",
    );
  };

  return {
    async check(_olds: Bag, news: Bag) {
      const { __provider: _, __program, ...given } = news;
      const unknown = names.filter((name) => containsUnknown(given[name]));
      const checked = (unknown.length > 0 ? schema.partial() : schema).safeParse(
        pick(given, Object.keys(given), unknown),
      );
      if (!checked.success) return { inputs: given, failures: failuresOf(checked.error) };
      const inputs = { ...given, ...plain(checked.data) };
      if (unknown.length > 0) return { inputs };
      const program = DeclaredProgram.safeParse(__program).data;
      return { inputs, failures: await judge(CommonInputs.parse(inputs), definition.wish(inputs), program) };
    },

    async diff(id: string, olds: Bag, news: Bag) {
      if (containsUnknown(news)) return { deleteBeforeReplace: true };
      const inputs = CommonInputs.parse(news);
      const wish = definition.wish(news);
      const facts = await factsIfReached(hostFor(inputs.host), vmOf(wish), env);
      const replaces = definition.identity.filter((name) => name !== "vm" && !sameValue(olds[name], news[name]));
      if (facts && facts.machine.id !== id.slice(0, id.indexOf("/"))) replaces.push("host");
      const key = facts && keyOf(facts, wish);
      const otherVm = key === undefined ? !sameValue(olds.vm, news.vm) : key !== id.slice(id.indexOf("/") + 1);
      if (wish.kind === "VmPciAttachment" && replaces.length === 0 && otherVm) replaces.push("vm");
      if (replaces.length > 0) return { replaces, deleteBeforeReplace: true };
      if (names.some((name) => !sameValue(olds[name], news[name]))) return { deleteBeforeReplace: true };
      if (!facts) return { changes: false };
      const owner = { ...ownerOf(inputs), token: String(olds.__claim) };
      const drift = planPresent(facts, wish, { owner, program: [] });
      return { changes: drift.steps.length > 0 || drift.refusals.length > 0 };
    },

    async create(inputs: Bag) {
      const wish = definition.wish(inputs);
      const token = randomUUID();
      const { facts, key } = await reconcile(wish, CommonInputs.parse(inputs), token);
      return { id: `${facts.machine.id}/${key}`, outs: outputs(facts, inputs, wish, key, token) };
    },

    async read(id: string, props: Bag) {
      const { inputs, wish, key } = stored(id, props);
      const facts = await hostFor(inputs.host).facts("work", vmOf(wish));
      if (isGone(facts, wish, key)) return {};
      return { id, props: outputs(facts, props, wish, key, String(props.__claim)) };
    },

    async update(id: string, olds: Bag, news: Bag) {
      const { wish, key, inputs } = stored(id, news);
      const token = String(olds.__claim);
      const { facts } = await reconcile(definition.wish(news), inputs, token);
      return { outs: outputs(facts, news, wish, key, token) };
    },

    async delete(id: string, props: Bag) {
      const { inputs, wish } = stored(id, props);
      const host = hostFor(inputs.host);
      const context: PlanContext = { owner: { ...ownerOf(inputs), token: String(props.__claim) }, program: [] };
      const before = await host.facts("work", vmOf(wish));
      const plan = planAbsent(before, wish, context);
      const after = await host.apply({
        plan: (facts) => planAbsent(facts, wish, context),
        purpose: purposeOf(before, wish, false),
        progress: (line) => void log.info(`${inputs.__label} on ${host.name}: ${line}`),
      });
      await describe(log, inputs.__label, host.name, plan);
      await tellWaitingHosts(host.name, after, context.owner);
    },
  };
}

async function describe(log: EngineLog, label: string, host: string, plan: Plan): Promise<void> {
  const lines = [...plan.effects, ...plan.warnings.map((warning) => `note: ${warning}`)];
  if (lines.length > 0) await log.info([`${label} on ${host}:`, ...lines.map((line) => `  ${line}`)].join("\n"));
}

async function factsIfReached(
  host: Managed,
  vm: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<HostFacts | undefined> {
  if (env.PCI_PASSTHROUGH_OFFLINE === "1") return undefined;
  try {
    return await host.facts("preview", vm);
  } catch (error) {
    if (error instanceof PassthroughError) return undefined; // check has said it already
    throw error;
  }
}

function twinOf(wish: Wish, label: string, program: DeclaredProgram | undefined): string | undefined {
  const device = "target" in wish ? formatPciTarget(wish.target) : undefined;
  const twin = program?.declarations.find(
    (other) =>
      other.label !== label && other.kind === wish.kind && longForm(other.device) === device && other.vm === vmOf(wish),
  );
  return twin && `"${twin.label}" declares the same ${wish.kind} for ${device ?? "the host"}. Keep one of the two`;
}

function longForm(device: string | undefined): string | undefined {
  const target = device === undefined ? undefined : parsePciTarget(device);
  return target && formatPciTarget(target);
}

function ownerOf(inputs: CommonInputs): Owner {
  return { project: inputs.__project, stack: inputs.__stack, label: inputs.__label, token: undefined };
}

function vmOf(wish: Wish): string | undefined {
  return wish.kind === "VmPciAttachment" ? wish.vm : undefined;
}

/** Beside the property of a failure the engine prints its value, and that of `host` with all secrets in clear (seen with 3.259). */
const WITHOUT_VALUE = "";

function failuresOf(error: z.ZodError) {
  return error.issues.map((issue) =>
    issue.path.length === 1 && issue.path[0] === "host"
      ? { property: WITHOUT_VALUE, reason: `host: ${issue.message}` }
      : { property: z.core.toDotPath(issue.path) || "device", reason: issue.message },
  );
}

function pick(bag: Bag, names: readonly string[], except: readonly string[] = []): Bag {
  return Object.fromEntries(
    names.filter((name) => name in bag && !except.includes(name)).map((name) => [name, bag[name]]),
  );
}

/** Without `undefined` anywhere: one such value makes the engine lose a resource that was created. */
function plain(value: unknown): Bag {
  return JSON.parse(JSON.stringify(value)) as Bag;
}

function sameValue(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a.localeCompare(b)))
        : inner,
    ) ?? "undefined"
  );
}
