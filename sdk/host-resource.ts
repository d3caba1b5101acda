import * as pulumi from "@pulumi/pulumi";
import { declare } from "./declarations";
import { type HostArgs, requireHost, withSecrets } from "./host";
import { requireInstalled } from "./installed";

/**
 * The text by which the engine's provider process finds the code of a resource: JavaScript that every state keeps. It
 * must never change: a new text would update every resource, and old states must go on to work.
 * `pulumi.dynamic.Resource` would store the closure of its class instead, 2.4 KB in every resource (docs/decisions.md).
 */
export function providerText(kind: string): string {
  return `exports.handler = () => require("pulumi-pci-passthrough/provider").${kind};`;
}

/** The argument that is read here; all others are passed to the provider as they are. */
export interface ResourceArgs {
  readonly host: pulumi.Input<HostArgs>;
}

/** What all resources have in common: a host. */
export abstract class HostResource extends pulumi.CustomResource {
  /** The host, and how to log in to it, as it was given; its secrets are marked. */
  declare readonly host: pulumi.Output<pulumi.Unwrap<HostArgs>>;

  /**
   * Reads a resource that another stack manages, and has the host asked at each preview and up: `args` as that stack
   * declares it, `id` the output of its resource. Changes nothing. Fails where the host has no such thing.
   */
  static get<Args, Resource extends HostResource>(
    this: new (
      name: string,
      args: Args,
      opts?: pulumi.CustomResourceOptions,
    ) => Resource,
    name: string,
    id: pulumi.Input<pulumi.ID>,
    args: Args,
    opts?: pulumi.CustomResourceOptions,
  ): Resource {
    return new this(name, args, { ...opts, id });
  }

  /** `outputs`: names of the outputs that are not inputs as well. Throws RunError when `host` is missing, or the provider. */
  protected constructor(
    kind: string,
    name: string,
    args: ResourceArgs,
    outputs: readonly string[],
    opts: pulumi.CustomResourceOptions | undefined,
  ) {
    requireInstalled();
    requireHost(kind, name, args);
    const { host, ...inputs } = args;
    const type = `pulumi-nodejs:dynamic/pci-passthrough:${kind}`;
    const waits = opts?.dependsOn !== undefined;
    const declaration = opts?.id === undefined ? declare({ kind, label: name, host, inputs, waits }) : undefined;
    super(
      type,
      name,
      {
        ...args,
        host: withSecrets(host),
        ...Object.fromEntries(outputs.map((output) => [output, undefined])),
        __claim: undefined,
        __urn: urnOf(name, type, opts?.parent),
        __program: declaration?.program,
        __provider: providerText(kind),
      },
      declaration ? dependingOn(declaration.comesAfter, opts) : opts,
    );
    declaration?.isOf(this);
  }
}

/** As dependencies of the resource, and not of any property of it, these never replace it when they are replaced. */
function dependingOn(
  resources: Promise<pulumi.Resource[]>,
  opts: pulumi.CustomResourceOptions | undefined,
): pulumi.CustomResourceOptions {
  if (opts?.dependsOn === undefined) return { ...opts, dependsOn: resources };
  return { ...opts, ...pulumi.mergeOptions({ dependsOn: opts.dependsOn }, { dependsOn: resources }) };
}

/** As a promise: an output would make the resource depend on its parent, which waits for its children. */
function urnOf(name: string, type: string, parent: pulumi.Resource | undefined): Promise<string> | string {
  // As createUrn does, without its outputs, which cost more than all else here.
  if (!parent) return `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${type}::${name}`;
  return new Promise((resolve) => {
    pulumi.createUrn(name, type, parent).apply(resolve);
  });
}
