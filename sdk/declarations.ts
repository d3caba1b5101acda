import * as pulumi from "@pulumi/pulumi";
import { type HostArgs, plainHost } from "./host";

/** What a resource declares, as far as the others need to know. */
interface Declared {
  readonly kind: string;
  /** The name of the resource in the program. */
  readonly label: string;
  readonly host: pulumi.Input<HostArgs>;
  /** Undefined for a resource that concerns the host as a whole. */
  readonly device: pulumi.Input<string> | undefined;
  readonly vm: pulumi.Input<string> | undefined;
}

interface PlainProgram {
  readonly hosts: readonly object[];
  readonly declarations: readonly { readonly hostKey: string; readonly declaration: object }[];
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
    const { hosts, declarations } = await program.plain;
    const ownKey = JSON.stringify(await plainHost(declared.host));
    const onSameHost = declarations.filter(({ hostKey }) => hostKey === ownKey);
    return { preview, hosts, declarations: onSameHost.map(({ declaration }) => declaration) };
  });
  return pulumi.secret(described);
}

async function plainProgram(declared: readonly Declared[]): Promise<PlainProgram> {
  const all = await Promise.all(
    declared.map(async ({ kind, label, host, device, vm }) => {
      const knownHost = await plainHost(host);
      const [knownDevice, knownVm] = await Promise.all([ifPlain(device), ifPlain(vm)]);
      return {
        host: knownHost,
        complete: device === undefined || knownDevice !== undefined,
        declaration: {
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
    declarations: all.flatMap(({ host, complete, declaration }) =>
      host && complete ? [{ hostKey: JSON.stringify(host), declaration }] : [],
    ),
  };
}

function ifPlain(input: pulumi.Input<string> | undefined): string | undefined {
  return typeof input === "string" ? input : undefined;
}

function afterConstructors(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
