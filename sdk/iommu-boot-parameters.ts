import type * as pulumi from "@pulumi/pulumi";
import type { HostArgs } from "./host";
import { HostResource } from "./host-resource";

export interface IommuBootParametersArgs {
  host: pulumi.Input<HostArgs>;
}

/**
 * A host whose IOMMU is on, so that VMs can have devices of their own. It writes the one boot argument that is missing,
 * and nothing where the IOMMU is on already; where a person has to do something (in the firmware's setup, say), preview says what.
 */
export class IommuBootParameters extends HostResource {
  /** Whose IOMMU the firmware offers; "none" where there is none, or where it is switched off in the firmware's setup. */
  declare readonly firmware: pulumi.Output<"intel" | "amd" | "none">;
  /** On after each reboot, as far as the boot configuration says. */
  declare readonly configured: pulumi.Output<boolean>;
  /** On now. */
  declare readonly active: pulumi.Output<boolean>;
  declare readonly pending: pulumi.Output<"none" | "host-reboot">;
  /** Changes only when a write needs a reboot of the host: what `triggers` of a HostReboot takes. */
  declare readonly bootChange: pulumi.Output<string>;

  constructor(name: string, args: IommuBootParametersArgs, opts?: pulumi.CustomResourceOptions) {
    super("IommuBootParameters", name, args, ["firmware", "configured", "active", "pending", "bootChange"], opts);
  }
}
