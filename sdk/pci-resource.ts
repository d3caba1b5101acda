import type * as pulumi from "@pulumi/pulumi";
import type { FunctionStatus, Pending } from "./device";
import { HostResource, type ResourceArgs } from "./host-resource";

/** What all resources for a device have in common. */
export abstract class PciResource extends HostResource {
  /** In the long form: hand it on to the next resource, and that one waits for this. */
  declare readonly device: pulumi.Output<string>;
  declare readonly functions: pulumi.Output<FunctionStatus[]>;
  /** Survives a reboot of the host. */
  declare readonly configured: pulumi.Output<boolean>;
  /** True now, for all functions. */
  declare readonly active: pulumi.Output<boolean>;
  /** What has to happen until the declaration is true altogether. */
  declare readonly pending: pulumi.Output<Pending>;
  /** Changes only when a write needs a reboot of the host: what `triggers` of a HostReboot takes. */
  declare readonly bootChange: pulumi.Output<string>;

  protected constructor(
    kind: string,
    name: string,
    args: ResourceArgs & { readonly device: pulumi.Input<string> },
    opts: pulumi.CustomResourceOptions | undefined,
    outputs: readonly string[] = [],
  ) {
    super(kind, name, args, ["functions", "configured", "active", "pending", "bootChange", ...outputs], opts);
  }
}
