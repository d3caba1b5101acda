import * as pulumi from "@pulumi/pulumi";
import { type HostArgs, mayHoldSecrets, plainHost } from "./host";
import { isPlain } from "./plain-value";

/** What a resource declares, as far as the others need to know. */
interface Declared {
  readonly kind: string;
  /** The name of the resource in the program. */
  readonly label: string;
  /** What its URN says and the kind does not. */
  readonly told: Promise<string> | string;
  readonly host: pulumi.Input<HostArgs>;
  /** Its other arguments, by name. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Whether it names resources that are made before it. */
  readonly waits: boolean;
}

/** A declaration with its resource, which exists once its constructor has run. */
interface Recorded extends Declared {
  /** Those inputs that are not plain, once they are known. */
  resolved: Readonly<Record<string, unknown>>;
  resource: pulumi.Resource | undefined;
}

/** What a resource needs to know of the others of its program, once the program's constructors have run. */
export interface Declaration {
  /**
   * The transient input `__program`, which the provider's check drops: which resource it is, on a line of its own the
   * declarations on the same host, and in the first resource that is registered every host of the program. One input,
   * since Pulumi keeps four promises with their stack traces for each, and no output, which has eight more, unless it may hold
   * a secret. JSON, because the SDK and the engine handle each member of an object by itself.
   */
  readonly program: Promise<pulumi.Input<string>>;
  /** The earlier resources that it has to wait for. */
  readonly comesAfter: Promise<pulumi.Resource[]>;
  /** Tells which resource the declaration is of. */
  isOf(resource: pulumi.Resource): void;
}

/** A declaration with the inputs that are known when the program's constructors have run. */
interface PlainDeclaration {
  readonly kind: string;
  readonly label: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The names of those that wait for another resource. */
  readonly unknown: readonly string[];
}

interface PlainProgram {
  /** Every host; undefined once a resource has taken them along, since one is enough to tell the provider. */
  hosts: readonly object[] | undefined;
  /** What the others wait for, so that this resource reaches the engine first; undefined where there is one host. */
  headStart: Promise<void> | undefined;
  /** Whether no host waits for another resource. */
  readonly complete: boolean;
  readonly mayHoldSecrets: boolean;
  /** Those of each host, by their host; both as JSON. */
  readonly declarations: ReadonlyMap<string, string>;
}

interface Program {
  readonly declared: Recorded[];
  /** Made once for all resources declared so far. */
  plain: Promise<PlainProgram> | undefined;
}

// Inline programs of the Automation API share a process, and each run has its own stack resource.
const programs = new WeakMap<object, Program>();
const WITHOUT_STACK = {};

/** Records a declaration. */
export function declare(declared: Declared): Declaration {
  const stack = pulumi.runtime.getStackResource() ?? WITHOUT_STACK;
  const program: Program = programs.get(stack) ?? { declared: [], plain: undefined };
  programs.set(stack, program);
  const inputs = { ...declared.inputs, device: deviceOf(declared.inputs.device) };
  const recorded: Recorded = { ...declared, inputs, resolved: {}, resource: undefined };
  const earlier = program.declared.length;
  program.declared.push(recorded);
  program.plain = undefined;
  const preview = pulumi.runtime.isDryRun();
  const resolved = resolve(inputs).then((known) => {
    if (Object.keys(known).length === 0) return;
    recorded.resolved = known;
    program.plain = undefined;
  });
  const described = Promise.all([afterConstructors(), resolved]).then(async () => {
    // What waits for another resource is registered later: the others are asked for the hosts before it.
    if (declared.waits) await afterConstructors();
    program.plain ??= plainProgram(program.declared);
    const [plain, ownHost, told] = await Promise.all([program.plain, plainHost(declared.host), declared.told]);
    const { hosts, complete } = plain;
    plain.hosts = undefined;
    if (!hosts) await plain.headStart;
    else if (hosts.length > 1) plain.headStart = headStart(recorded.resource, hosts.length, preview);
    const declarations = plain.declarations.get(JSON.stringify(ownHost)) ?? "[]";
    const all = hosts ? `,"hosts":${JSON.stringify(hosts)}` : "";
    const text = `${told}\n{"preview":${preview},"complete":${complete},"declarations":${declarations}${all}}`;
    return plain.mayHoldSecrets ? pulumi.secret(text) : text;
  });
  return {
    program: described,
    comesAfter: afterConstructors().then(() => separatedByReboot(recorded, program.declared.slice(0, earlier))),
    isOf(resource) {
      recorded.resource = resource;
    },
  };
}

/**
 * A HostReboot comes between what is declared before it and what is declared after it on its host: whether the host is
 * rebooted must not depend on which resource the engine happens to get to first. Nothing waits for a later declaration,
 * so no two can wait for each other.
 */
async function separatedByReboot(declared: Declared, earlier: readonly Recorded[]): Promise<pulumi.Resource[]> {
  const before = earlier.filter(({ kind }) => declared.kind === "HostReboot" || kind === "HostReboot");
  const onSameHost = await Promise.all(before.map(({ host }) => isSameHost(host, declared.host)));
  return before.flatMap(({ resource }, index) => (resource && onSameHost[index] ? [resource] : []));
}

/** Whether two hosts have one address and port, or take them from the same output while these are not known yet. */
async function isSameHost(a: pulumi.Input<HostArgs>, b: pulumi.Input<HostArgs>): Promise<boolean> {
  if (a === b) return true;
  const [plainA, plainB] = await Promise.all([plainHost(a), plainHost(b)]);
  if (plainA && plainB) return plainA.address === plainB.address && plainA.port === plainB.port;
  return isObject(a) && isObject(b) && a.address === b.address && a.port === b.port;
}

function isObject(host: pulumi.Input<HostArgs>): host is HostArgs {
  return !pulumi.Output.isInstance(host) && !(host instanceof Promise);
}

async function plainProgram(declared: readonly Recorded[]): Promise<PlainProgram> {
  const all = await Promise.all(
    declared.map(async ({ kind, label, host, inputs, resolved }) => {
      const known = Object.entries({ ...inputs, ...resolved }).filter(([, value]) => value !== undefined);
      const plain = known.filter(([, value]) => isPlain(value));
      const unknown = known.filter(([, value]) => !isPlain(value)).map(([name]) => name);
      return {
        host: await plainHost(host),
        declaration: { kind, label, inputs: Object.fromEntries(plain), unknown },
      };
    }),
  );
  const hosts = new Map<string, object>();
  const byHost = new Map<string, PlainDeclaration[]>();
  for (const { host, declaration } of all) {
    if (!host) continue;
    const key = JSON.stringify(host);
    hosts.set(key, host);
    byHost.set(key, [...(byHost.get(key) ?? []), declaration]);
  }
  const declarations = new Map([...byHost].map(([key, declared]) => [key, JSON.stringify(declared)]));
  return {
    hosts: [...hosts.values()],
    headStart: undefined,
    complete: all.every(({ host }) => host !== undefined),
    mayHoldSecrets: declared.some(({ host, resolved }) => mayHoldSecrets(host) || Object.keys(resolved).length > 0),
    declarations,
  };
}

/**
 * Waits for the inputs that are not plain, as the registration of their resource does anyway. Returns those that are
 * known then: in preview not all are.
 */
async function resolve(inputs: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  const waiting = Object.entries(inputs).filter(([, value]) => value !== undefined && !isPlain(value));
  if (waiting.length === 0) return {};
  try {
    const values = await pulumi.runtime.serializeProperties("declaration", Object.fromEntries(waiting));
    const isKnown = (value: unknown) => !(JSON.stringify(value) ?? "").includes(pulumi.runtime.unknownValue);
    return Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => (isKnown(value) ? [[name, plain(value)]] : [])),
    );
  } catch {
    return {}; // the registration fails with the same error, and says so
  }
}

/** The value without the marks of secrets: all that is told is secret. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner) => pulumi.runtime.unwrapRpcSecret(inner));
}

// The other resources of the program do not wait for an output: the resource that it comes from waits for `__program`.
const passedOn = new WeakMap<object, unknown>();

/** Notes that a resource's output `device` is the device that it was given, so that it is known before the resource is. */
export function passOnDevice(
  { device }: pulumi.Resource & { readonly device?: unknown },
  given: { readonly device?: unknown },
): void {
  if (pulumi.Output.isInstance(device)) passedOn.set(device, given.device);
}

function deviceOf(device: unknown): unknown {
  return pulumi.Output.isInstance(device) && passedOn.has(device) ? deviceOf(passedOn.get(device)) : device;
}

/**
 * The engine checks one resource after the other, as they arrive, and the long text with all hosts arrives after short
 * ones that were sent at the same time (seen with 256 hosts: 76 s instead of 16): then each host would be read when its
 * turn comes, instead of all side by side. So the others wait until the engine has answered, which in a preview it does
 * once it has checked the resource. In an up it has made it by then, and the resource may itself have to wait for
 * another: for that there is a limit.
 */
function headStart(first: pulumi.Resource | undefined, hosts: number, preview: boolean): Promise<void> {
  return new Promise((done) => {
    const limit = setTimeout(done, preview ? 3000 : Math.max(50, 2 * hosts));
    first?.urn.apply(() => {
      clearTimeout(limit);
      done();
    });
  });
}

function afterConstructors(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
