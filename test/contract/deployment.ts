import type { dynamic } from "@pulumi/pulumi";
import { defineResource } from "../../provider/adapters/dynamic/resource-provider";
import { toldUrn } from "../../provider/adapters/dynamic/told-resource";
import { RESOURCE_KINDS, type ResourceKind } from "../../provider/claims/claim-key";
import { PassthroughError } from "../../provider/errors";
import { EngineRun } from "../../provider/resources/engine-run";
import { createHosts } from "../../provider/resources/hosts";
import type { Surroundings } from "../../provider/resources/surroundings";
import { faultsOf } from "../readable-message";
import { collectedLog } from "../resources/collected-log";
import type { TestHost } from "./test-host";

export type Kind = ResourceKind;

/** A resource as the engine would have it in its state. */
export interface Deployed {
  readonly kind: Kind;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: outputs are what tests look into, by any path
  readonly outs: any;
}

export interface Checked {
  readonly inputs: Record<string, unknown>;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

/** What the program declares beside a resource. */
interface Declared {
  readonly kind: Kind;
  readonly label: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Who calls a deployment asks for removals one by one. */
const NO_REMOVAL_TO_COME_SECONDS = 1;

type Handlers = Required<dynamic.ResourceProvider>;

/** How the program names a host and logs in to it. */
type Login = Pick<TestHost, "address"> & Partial<TestHost>;

/**
 * One run of the provider on one host, called as the engine calls it; like a new process it knows nothing of earlier
 * runs.
 */
export class Deployment {
  /** What the user was shown. */
  readonly lines: string[] = [];
  private readonly handlers: Readonly<Record<Kind, Handlers>>;

  constructor(
    private readonly host: Login,
    private readonly stack = "dev",
    hostFor: Surroundings["hostFor"] = createHosts(),
  ) {
    const log = collectedLog((text) => this.lines.push(text));
    const surroundings = {
      hostFor,
      log,
      env: environment(host),
      run: new EngineRun(NO_REMOVAL_TO_COME_SECONDS),
    };
    const entries = RESOURCE_KINDS.map((kind) => [kind, defineResource(kind, surroundings)]);
    this.handlers = Object.fromEntries(entries);
  }

  /** As in `pulumi preview`, of a program that declares this on the host, too. */
  async check(
    kind: Kind,
    given: Record<string, unknown>,
    label = "under-test",
    beside: readonly Declared[] = [],
  ): Promise<Checked> {
    const news = this.inputs(given, label, true, beside);
    const { inputs = {}, failures = [] } = await this.handlers[kind].check({}, news);
    for (const { reason } of failures) if (reason.startsWith("Unable")) this.expectReadable(reason);
    return { inputs, failures };
  }

  /** As in `pulumi up`: check, then create. Throws what the user would see. */
  async create(kind: Kind, given: Record<string, unknown>, label = "under-test"): Promise<Deployed> {
    const { inputs, failures = [] } = await this.handlers[kind].check({}, this.inputs(given, label, false));
    if (failures.length > 0) throw new Error(failures.map((failure) => failure.reason).join("\n"));
    const { id, outs } = await this.readably(this.handlers[kind].create(inputs));
    return { kind, id, outs };
  }

  /** As in `pulumi up` of a resource that is in the state: undefined when nothing needs doing. */
  async update(deployed: Deployed, given: Record<string, unknown>): Promise<Deployed | undefined> {
    const { kind, id, outs } = deployed;
    const { inputs, failures = [] } = await this.handlers[kind].check(
      outs,
      this.inputs(given, toldUrn(kind, outs.__resource).name, false),
    );
    if (failures.length > 0) throw new Error(failures.map((failure) => failure.reason).join("\n"));
    const { changes, replaces = [] } = await this.handlers[kind].diff(id, outs, inputs);
    if (replaces.length > 0) throw new Error(`this is a replacement, for ${replaces.join(", ")}`);
    if (changes === false) return undefined;
    return { kind, id, outs: (await this.readably(this.handlers[kind].update(id, outs, inputs))).outs };
  }

  /** As in `pulumi refresh`: undefined when the resource is gone. */
  async read({ kind, id, outs }: Deployed): Promise<Deployed | undefined> {
    const read = await this.handlers[kind].read(id, outs);
    return read.id ? { kind, id, outs: read.props } : undefined;
  }

  delete({ kind, id, outs }: Deployed): Promise<void> {
    return this.readably(this.handlers[kind].delete(id, outs));
  }

  /** Every error that is meant for people is one that they can read, whatever else a test expects of it. */
  private async readably<T>(done: Promise<T>): Promise<T> {
    return done.catch((error: unknown) => {
      if (error instanceof PassthroughError) this.expectReadable(error.message);
      throw error;
    });
  }

  private expectReadable(message: string): void {
    const faults = faultsOf(message, this.host.address);
    if (faults.length > 0) throw new RangeError(`a message ${faults.join(", and ")}: ${message}`);
  }

  private inputs(
    given: Record<string, unknown>,
    label: string,
    preview: boolean,
    beside: readonly Declared[] = [],
  ): Record<string, unknown> {
    const { address, port, user, identityFile, hostKey, sudo, toolstack, safety } = this.host;
    const login = { address, port, user, identityFile, hostKey, sudo, toolstack, safety };
    return {
      host: Object.fromEntries(Object.entries(login).filter(([, value]) => value !== undefined)),
      ...given,
      __provider: "",
      __resource: `${this.stack}::contract::::${label}`,
      __program: JSON.stringify({
        preview,
        hosts: [],
        complete: false,
        declarations: beside.map((declared) => ({ ...declared, unknown: [] })),
      }),
    };
  }
}

function environment({ connectTimeout }: Pick<TestHost, "connectTimeout">): Record<string, string> {
  return connectTimeout === undefined ? {} : { PCI_PASSTHROUGH_CONNECT_TIMEOUT: String(connectTimeout) };
}
