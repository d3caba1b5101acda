import * as pulumi from "@pulumi/pulumi";
import { declare, passOnDevice } from "./declarations";
import { type HostArgs, requireHost, withSecrets } from "./host";
import { requireInstalled } from "./installed";

/**
 * The text by which the engine's provider process finds the code of a resource: JavaScript that every state keeps. It
 * must never change: a new text would update every resource, and old states must go on to work. Each has it twice.
 * `pulumi.dynamic.Resource` would store the closure of its class instead, 2.4 KB in every resource (docs/decisions.md).
 */
export function providerText(kind: string): string {
  return `exports.handler=()=>require('pulumi-pci-passthrough/provider').${kind}`;
}

/** The arguments that are read here; all others are passed to the provider as they are. */
export interface ResourceArgs {
  readonly host: pulumi.Input<HostArgs>;
  readonly device?: pulumi.Input<string>;
}

/** What all resources have in common: a host. */
export interface HostResource extends pulumi.CustomResource {
  /** The host, and how to log in to it, as it was given; its secrets are marked. */
  readonly host: pulumi.Output<pulumi.Unwrap<HostArgs>>;
}

/** The class of a kind of resource. */
export interface ResourceClass<Args, Resource extends HostResource> {
  /** Declares the resource. Throws RunError when `host` is missing, or the provider. */
  new (name: string, args: Args, opts?: pulumi.CustomResourceOptions): Resource;

  /**
   * Reads a resource that another stack manages, and has the host asked at each preview and up: `args` as that stack
   * declares it, `id` the output of its resource. Changes nothing. Fails where the host has no such thing.
   */
  get(name: string, id: pulumi.Input<pulumi.ID>, args: Args, opts?: pulumi.CustomResourceOptions): Resource;
}

/**
 * Makes the class of a kind, directly below Pulumi's own: the engine takes the caller of the class below that for the line
 * of the program that declares the resource, and each class in between for another frame of the stack, which each state
 * keeps (resource.ts of @pulumi/pulumi, 3.248). `outputs`: the names of those that are not inputs as well.
 */
export function resourceClass<Args extends ResourceArgs, Resource extends HostResource>(
  kind: string,
  outputs: readonly Exclude<keyof Resource & string, keyof HostResource>[],
): ResourceClass<Args, Resource>;
export function resourceClass(kind: string, outputs: readonly string[]): ResourceClass<ResourceArgs, HostResource> {
  const type = `pulumi-nodejs:dynamic/pci-passthrough:${kind}`;

  class DeclaredResource extends pulumi.CustomResource implements HostResource {
    declare readonly host: HostResource["host"];

    static get(name: string, id: pulumi.Input<pulumi.ID>, args: ResourceArgs, opts?: pulumi.CustomResourceOptions) {
      return new DeclaredResource(name, args, { ...opts, id });
    }

    constructor(name: string, args: ResourceArgs, opts?: pulumi.CustomResourceOptions) {
      requireInstalled();
      requireHost(kind, name, args);
      const { host, ...inputs } = args;
      const waits = opts?.dependsOn !== undefined;
      const told = resourceOf(name, type, opts?.parent);
      const declaration =
        opts?.id === undefined ? declare({ kind, label: name, told, host, inputs, waits }) : undefined;
      super(
        type,
        name,
        {
          ...args,
          host: withSecrets(host),
          ...Object.fromEntries(outputs.map((output) => [output, undefined])),
          ...(declaration ? { __program: declaration.program } : { __resource: told }),
          __provider: providerText(kind),
        },
        declaration ? dependingOn(declaration.comesAfter, opts) : opts,
      );
      declaration?.isOf(this);
      passOnDevice(this, args);
    }
  }

  Object.defineProperty(DeclaredResource, "name", { value: kind });
  return DeclaredResource;
}

/** As dependencies of the resource, and not of any property of it, these never replace it when they are replaced. */
function dependingOn(
  resources: Promise<pulumi.Resource[]>,
  opts: pulumi.CustomResourceOptions | undefined,
): pulumi.CustomResourceOptions {
  if (opts?.dependsOn === undefined) return { ...opts, dependsOn: resources };
  return { ...opts, ...pulumi.mergeOptions({ dependsOn: opts.dependsOn }, { dependsOn: resources }) };
}

/**
 * What a URN says and the kind does not, so that the state does not repeat the rest in the inputs and the outputs:
 * `<stack>::<project>::<types that it is in>::<name>`. As a promise: an output would make the resource depend on its
 * parent, which waits for its children.
 */
function resourceOf(name: string, type: string, parent: pulumi.Resource | undefined): Promise<string> | string {
  const place = `${pulumi.getStack()}::${pulumi.getProject()}`;
  if (!parent) return `${place}::::${name}`;
  return new Promise((resolve) => {
    pulumi.createUrn(name, type, parent).apply((urn) => {
      const types = urn.slice(`urn:pulumi:${place}::`.length, urn.length - `${type}::${name}`.length);
      resolve(`${place}::${types.replace(/\$$/, "")}::${name}`);
    });
  });
}
