import * as pulumi from "@pulumi/pulumi";
import { type HostArgs, knownHost } from "./host";

/** What one resource of the program declares, as far as the others should know. */
interface Declared {
  readonly kind: string;
  readonly label: string;
  readonly host: pulumi.Input<HostArgs>;
  /** Undefined of what is about the host as a whole. */
  readonly device: pulumi.Input<string> | undefined;
  readonly vm: pulumi.Input<string> | undefined;
}

interface Known {
  readonly hosts: readonly object[];
  readonly declarations: readonly { readonly host: string; readonly shown: object }[];
}

interface Program {
  readonly declared: Declared[];
  known: Promise<Known> | undefined;
}

// Inline programs of the Automation API share one process: each run has a stack resource of its own.
const programs = new WeakMap<object, Program>();
const WITHOUT_STACK = {};

/**
 * Remembers a declaration, and tells of the whole program once its constructors have run: the transient input
 * `__program`, which the provider's check drops. It is secret because hosts may hold passwords.
 */
export function declare(declared: Declared): pulumi.Output<unknown> {
  const stack = pulumi.runtime.getStackResource() ?? WITHOUT_STACK;
  const program: Program = programs.get(stack) ?? { declared: [], known: undefined };
  programs.set(stack, program);
  program.declared.push(declared);
  program.known = undefined;
  const preview = pulumi.runtime.isDryRun();
  const told = afterConstructors().then(async () => {
    program.known ??= know(program.declared);
    const { hosts, declarations } = await program.known;
    const host = JSON.stringify(await knownHost(declared.host));
    return { preview, hosts, declarations: declarations.filter((one) => one.host === host).map((one) => one.shown) };
  });
  return pulumi.secret(told);
}

async function know(declared: readonly Declared[]): Promise<Known> {
  const all = await Promise.all(
    declared.map(async ({ kind, label, host, device, vm }) => {
      const known = await knownHost(host);
      const [knownDevice, knownVm] = await Promise.all([ifPlain(device), ifPlain(vm)]);
      return {
        host: known,
        complete: device === undefined || knownDevice !== undefined,
        shown: {
          kind,
          label,
          ...(knownDevice === undefined ? {} : { device: knownDevice }),
          ...(knownVm === undefined ? {} : { vm: knownVm }),
        },
      };
    }),
  );
  const hosts = new Map(all.flatMap(({ host }) => (host ? [[JSON.stringify(host), host] as const] : [])));
  return {
    hosts: [...hosts.values()],
    declarations: all.flatMap(({ host, complete, shown }) =>
      host && complete ? [{ host: JSON.stringify(host), shown }] : [],
    ),
  };
}

function ifPlain(input: pulumi.Input<string> | undefined): string | undefined {
  return typeof input === "string" ? input : undefined;
}

function afterConstructors(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
