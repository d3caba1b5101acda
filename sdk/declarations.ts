import * as pulumi from "@pulumi/pulumi";
import { type HostArgs, plainHost } from "./host";

/** What a resource declares, as far as the others need to know. */
interface Declared {
  readonly kind: string;
  /** The name of the resource in the program. */
  readonly label: string;
  readonly host: pulumi.Input<HostArgs>;
  /** Its other arguments, by name. */
  readonly inputs: Readonly<Record<string, unknown>>;
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
  readonly hosts: readonly object[];
  /** Whether these are all hosts of the program: none waits for another resource. */
  readonly complete: boolean;
  readonly declarations: readonly { readonly hostKey: string; readonly declaration: PlainDeclaration }[];
}

interface Program {
  readonly declared: Declared[];
  /** Made once for all resources declared so far. */
  plain: Promise<PlainProgram> | undefined;
}

// Inline programs of the Automation API share a process, and each run has its own stack resource.
const programs = new WeakMap<object, Program>();
const WITHOUT_STACK = {};

/**
 * Records a declaration. Returns the transient input `__program`, which the provider's check drops: every host of the
 * program and the declarations on the same host, once the program's constructors have run. It is secret, because hosts
 * may hold passwords.
 */
export function declare(declared: Declared): pulumi.Output<unknown> {
  const stack = pulumi.runtime.getStackResource() ?? WITHOUT_STACK;
  const program: Program = programs.get(stack) ?? { declared: [], plain: undefined };
  programs.set(stack, program);
  program.declared.push(declared);
  program.plain = undefined;
  const preview = pulumi.runtime.isDryRun();
  const described = afterConstructors().then(async () => {
    program.plain ??= plainProgram(program.declared);
    const { hosts, complete, declarations } = await program.plain;
    const ownKey = JSON.stringify(await plainHost(declared.host));
    const onSameHost = declarations.filter(({ hostKey }) => hostKey === ownKey);
    return { preview, hosts, complete, declarations: onSameHost.map(({ declaration }) => declaration) };
  });
  return pulumi.secret(described);
}

async function plainProgram(declared: readonly Declared[]): Promise<PlainProgram> {
  const all = await Promise.all(
    declared.map(async ({ kind, label, host, inputs }) => {
      const given = Object.entries(inputs).filter(([, value]) => value !== undefined);
      const known = given.map(([name, value]) => [name, name === "device" ? deviceOf(value) : value] as const);
      const plain = known.filter(([, value]) => isPlain(value));
      const unknown = known.filter(([, value]) => !isPlain(value)).map(([name]) => name);
      return {
        host: await plainHost(host),
        declaration: { kind, label, inputs: Object.fromEntries(plain), unknown },
      };
    }),
  );
  const hosts = new Map(all.flatMap(({ host }) => (host ? [[JSON.stringify(host), host] as const] : [])));
  return {
    hosts: [...hosts.values()],
    complete: all.every(({ host }) => host !== undefined),
    declarations: all.flatMap(({ host, declaration }) =>
      host ? [{ hostKey: JSON.stringify(host), declaration }] : [],
    ),
  };
}

// Waiting for an output would be in vain: the resource that it comes from waits for `__program` itself.
const passedOn = new WeakMap<object, unknown>();

/** Notes that a resource's output `device` is the device that it was given, so that it is known before the resource is. */
export function passOn(output: pulumi.Output<string>, device: pulumi.Input<string>): void {
  passedOn.set(output, device);
}

function deviceOf(device: unknown): unknown {
  return pulumi.Output.isInstance(device) && passedOn.has(device) ? deviceOf(passedOn.get(device)) : device;
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined && typeof value !== "function";
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return Object.values(value).every(isPlain);
}

function afterConstructors(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
