import type * as pulumi from "@pulumi/pulumi";
import { passOn } from "./declarations";
import type { FunctionStatus, Pending } from "./device";
import { HostResource, type ResourceArgs } from "./host-resource";

/** What all resources for a device have in common. */
export abstract class PciResource extends HostResource {
  /**
   * The device in the long form, `0000:04:00.0` or `0000:04:00`. Pass it to another resource to make that wait for this
   * one.
   */
  declare readonly device: pulumi.Output<string>;
  /** The functions of the device, lowest address first. */
  declare readonly functions: pulumi.Output<FunctionStatus[]>;
  /** Whether the declaration survives a reboot of the host. */
  declare readonly configured: pulumi.Output<boolean>;
  /** Whether the declaration holds now, for all functions. */
  declare readonly active: pulumi.Output<boolean>;
  /** What must happen before the declaration holds completely. */
  declare readonly pending: pulumi.Output<Pending>;
  /**
   * Opaque text that changes only with a write that needs a reboot; pass it to `triggers` of a HostReboot. Empty if
   * there was none.
   */
  declare readonly bootChange: pulumi.Output<string>;

  /** `outputs`: names of the outputs of this kind, beside those above. */
  protected constructor(
    kind: string,
    name: string,
    args: ResourceArgs & { readonly device: pulumi.Input<string> },
    opts: pulumi.CustomResourceOptions | undefined,
    outputs: readonly string[] = [],
  ) {
    super(kind, name, args, ["functions", "configured", "active", "pending", "bootChange", ...outputs], opts);
    passOn(this.device, args.device);
  }
}
