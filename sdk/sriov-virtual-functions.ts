import type * as pulumi from "@pulumi/pulumi";
import type { Guard } from "./device";
import type { HostArgs } from "./host";
import { PciResource } from "./pci-resource";

export interface SriovVirtualFunctionsArgs {
  host: pulumi.Input<HostArgs>;
  /** The physical function: `0000:03:00.0` or `03:00.0`. */
  device: pulumi.Input<string>;
  /**
   * How many virtual functions it has, from 1 on. Another number than before takes all of them away first, and is
   * refused while a VM or the host uses one.
   */
  count: pulumi.Input<number>;
  /** Guards that this declaration overrides, by name. Refusals say which one it is. */
  allow?: pulumi.Input<pulumi.Input<Guard>[]>;
}

/** The virtual functions of a device with SR-IOV, now and after each reboot. */
export class SriovVirtualFunctions extends PciResource {
  /** In the device's own order: each is a `device` of other resources. */
  declare readonly addresses: pulumi.Output<string[]>;

  constructor(name: string, args: SriovVirtualFunctionsArgs, opts?: pulumi.CustomResourceOptions) {
    super("SriovVirtualFunctions", name, args, opts, ["addresses"]);
  }
}
