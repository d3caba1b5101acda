import * as pulumi from "@pulumi/pulumi";
import { declare } from "./declarations";
import { type HostArgs, requireHost, withSecrets } from "./host";

/**
 * The text by which the engine's provider process finds the code of a resource: JavaScript that every state keeps. It
 * must never change: a new text would update every resource, and old states must go on to work.
 * `pulumi.dynamic.Resource` would store the closure of its class instead, 2.4 KB in every resource (docs/decisions.md).
 */
export function providerText(kind: string): string {
  return `exports.handler = () => require("pulumi-pci-passthrough/provider").${kind};`;
}

/** The arguments that are read here; all others are passed to the provider as they are. */
export interface ResourceArgs {
  readonly host: pulumi.Input<HostArgs>;
  readonly device?: pulumi.Input<string>;
  readonly vm?: pulumi.Input<string>;
}

/** What all resources have in common: a host. */
export abstract class HostResource extends pulumi.CustomResource {
  /** `outputs`: names of the outputs that are not inputs as well. Throws RunError when `host` is missing. */
  protected constructor(
    kind: string,
    name: string,
    args: ResourceArgs,
    outputs: readonly string[],
    opts: pulumi.CustomResourceOptions | undefined,
  ) {
    requireHost(kind, name, args);
    const { host, device, vm } = args;
    super(
      `pulumi-nodejs:dynamic/pci-passthrough:${kind}`,
      name,
      {
        ...args,
        host: withSecrets(host),
        ...Object.fromEntries(outputs.map((output) => [output, undefined])),
        __claim: undefined,
        __project: pulumi.getProject(),
        __stack: pulumi.getStack(),
        __label: name,
        __program: opts?.id === undefined ? declare({ kind, label: name, host, device, vm }) : undefined,
        __provider: providerText(kind),
      },
      opts,
    );
  }
}
