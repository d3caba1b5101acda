import * as pulumi from "@pulumi/pulumi";
import { declare } from "./declarations";
import { type HostArgs, withSecrets } from "./host";

/**
 * The text by which the engine's provider process finds the code of a resource. It is kept in every state for ever:
 * a changed text would be an update of every resource, and old states must still work. The class by hand instead of
 * `pulumi.dynamic.Resource` saves its closure, which is 2.4 KB in every resource (docs/decisions.md).
 */
export function providerText(kind: string): string {
  return `exports.handler = () => require("pulumi-pci-passthrough/provider").${kind};`;
}

/** What the provider needs of the arguments of any resource, besides passing them on. */
export interface ResourceArgs {
  readonly host: pulumi.Input<HostArgs>;
  readonly device?: pulumi.Input<string>;
  readonly vm?: pulumi.Input<string>;
}

/** What all resources have in common: they are on a host. */
export abstract class HostResource extends pulumi.CustomResource {
  /** `outputs`: the names of what the provider adds to the inputs. */
  protected constructor(
    kind: string,
    name: string,
    args: ResourceArgs,
    outputs: readonly string[],
    opts: pulumi.CustomResourceOptions | undefined,
  ) {
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
