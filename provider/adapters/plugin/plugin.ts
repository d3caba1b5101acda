import { setMaxListeners } from "node:events";
import { RESOURCE_KINDS, type ResourceKind } from "../../claims/claim-key";
import { PassthroughError } from "../../errors";
import type { ProviderConfig } from "../../plan/inputs/provider-config";
import type { Bag } from "../../plan/kind";
import { endable } from "../../resources/endable";
import { EngineRun } from "../../resources/engine-run";
import { inOneLine } from "../../resources/input-failures";
import type { Log } from "../../resources/log";
import { queryPciDevices } from "../../resources/query-pci-devices";
import type { HostFor } from "../../resources/wanted";
import { CheckedProgram } from "./checked-program";
import { readConfiguration, withHostMeant } from "./configuration";
import { definePluginResource } from "./plugin-resource";
import { tokenOf } from "./schema/object-spec";

/** What a plugin needs from its process. */
export interface PluginSurroundings {
  readonly hostFor: HostFor;
  readonly env: NodeJS.ProcessEnv;
}

type Resources = Readonly<Record<ResourceKind, ReturnType<typeof definePluginResource>>>;

const SILENT: Log = { info: async () => {}, warn: async () => {}, effects: async () => {}, status: async () => {} };

/** One provider of a program: its configuration, and what its resources know of each other. */
export class Plugin {
  /** Where lines go; nowhere until the engine has said its address. */
  log: Log = SILENT;
  private readonly cancelled = new AbortController();
  private configuration: ProviderConfig = {};
  private resources: Resources;

  constructor(private readonly surroundings: PluginSurroundings) {
    this.resources = this.resourcesFor({});
    // Each change that waits listens to it.
    setMaxListeners(0, this.cancelled.signal);
  }

  /** Throws PassthroughError for what CheckConfig refuses. */
  configure(bag: Bag): void {
    const { configuration, failures } = readConfiguration(bag);
    if (failures.length > 0) throw new PassthroughError(`Unable to configure the provider: ${inOneLine(failures)}.`);
    this.configuration = configuration;
    this.resources = this.resourcesFor(configuration);
  }

  /** The calls about resources of a type. Throws PassthroughError for a type that the package does not have. */
  ofType(type: string): Resources[ResourceKind] {
    const kind = RESOURCE_KINDS.find((kind) => tokenOf(kind) === type);
    if (!kind) throw new PassthroughError(`the package pci-passthrough has no resource ${type}`);
    return this.resources[kind];
  }

  /** The inputs with the host that their name means. Throws PassthroughError for a name that the provider does not have. */
  meant(bag: Bag): Bag {
    return withHostMeant(bag, this.configuration);
  }

  /** What getPciDevices returns. Throws PassthroughError. */
  async getPciDevices(args: Bag): Promise<Bag> {
    const found = await endable(this.signal(0), () => queryPciDevices(this.meant(args)));
    if (found.kind !== "devices") throw new PassthroughError(found.reason);
    return { devices: found.devices };
  }

  /** Ends what waits, and lets applies end that have begun. */
  cancel(): void {
    this.cancelled.abort(new PassthroughError("the run was cancelled"));
  }

  /** Ends a call when the run is cancelled, or after so many seconds; 0: as long as it takes. */
  signal(timeoutSeconds: number): AbortSignal {
    if (timeoutSeconds <= 0) return this.cancelled.signal;
    const limit = new AbortController();
    const expire = () =>
      limit.abort(new PassthroughError(`it took more than the ${timeoutSeconds} s of customTimeouts`));
    setTimeout(expire, timeoutSeconds * 1000).unref();
    const signal = AbortSignal.any([this.cancelled.signal, limit.signal]);
    setMaxListeners(0, signal);
    return signal;
  }

  private resourcesFor(configuration: ProviderConfig): Resources {
    const { hostFor, env } = this.surroundings;
    const surroundings = {
      hostFor,
      log: {
        info: (line, urn) => this.log.info(line, urn),
        warn: (line, urn) => this.log.warn(line, urn),
        effects: (host, effects, urn) => this.log.effects(host, effects, urn),
        status: (line, urn) => this.log.status(line, urn),
      } satisfies Log,
      env: {
        ...env,
        ...(configuration.offline ? { PCI_PASSTHROUGH_OFFLINE: "1" } : {}),
        ...(configuration.strict ? { PCI_PASSTHROUGH_STRICT: "1" } : {}),
      },
      run: new EngineRun(),
      typeOf: tokenOf,
    };
    const program = new CheckedProgram();
    const resources = RESOURCE_KINDS.map((kind) => [
      kind,
      definePluginResource(kind, surroundings, configuration, program),
    ]);
    return Object.fromEntries(resources) as Resources;
  }
}
