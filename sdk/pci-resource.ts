import * as pulumi from "@pulumi/pulumi";
import { declare } from "./declarations";
import type { DeviceArgs, FunctionStatus, Pending } from "./device";
import { type HostArgs, withSecrets } from "./host";

/**
 * The text by which the engine's provider process finds the code of a resource. It is kept in every state for ever:
 * a changed text would be an update of every resource, and old states must still work. The class by hand instead of
 * `pulumi.dynamic.Resource` saves its closure, which is 2.4 KB in every resource (docs/decisions.md).
 */
export function providerText(kind: string): string {
  return `exports.handler = () => require("pulumi-pci-passthrough/provider").${kind};`;
}

/** What all resources for a device have in common. */
export abstract class PciResource extends pulumi.CustomResource {
  /** In the long form: hand it on to the next resource, and that one waits for this. */
  declare readonly device: pulumi.Output<string>;
  declare readonly functions: pulumi.Output<FunctionStatus[]>;
  /** Survives a reboot of the host. */
  declare readonly configured: pulumi.Output<boolean>;
  /** True now, for all functions. */
  declare readonly active: pulumi.Output<boolean>;
  /** What has to happen until the declaration is true altogether. */
  declare readonly pending: pulumi.Output<Pending>;
  /** Changes only when a write needs a reboot of the host: what `triggers` of a reboot takes. */
  declare readonly bootChange: pulumi.Output<string>;

  protected constructor(
    kind: string,
    name: string,
    args: DeviceArgs & { readonly vm?: pulumi.Input<string> },
    opts: pulumi.CustomResourceOptions | undefined,
  ) {
    const program =
      opts?.id === undefined
        ? declare({ kind, label: name, host: args.host, device: args.device, vm: args.vm })
        : undefined;
    super(
      `pulumi-nodejs:dynamic/pci-passthrough:${kind}`,
      name,
      {
        ...args,
        host: withSecrets(args.host as pulumi.Input<HostArgs>),
        functions: undefined,
        configured: undefined,
        active: undefined,
        pending: undefined,
        bootChange: undefined,
        __claim: undefined,
        __project: pulumi.getProject(),
        __stack: pulumi.getStack(),
        __label: name,
        __program: program,
        __provider: providerText(kind),
      },
      opts,
    );
  }
}
