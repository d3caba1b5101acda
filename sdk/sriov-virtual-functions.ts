import type * as pulumi from "@pulumi/pulumi";
import type { Guard } from "./device";
import type { HostArgs } from "./host";
import { resourceClass } from "./host-resource";
import { DEVICE_OUTPUTS, type PciResource } from "./pci-resource";

/** The arguments of an SriovVirtualFunctions. */
export interface SriovVirtualFunctionsArgs {
  /** The host, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /** Address of the physical function: `0000:03:00.0` or `03:00.0`. */
  device: pulumi.Input<string>;
  /**
   * The number of virtual functions, from 1 to what the device supports. A change removes all of them first, and is
   * refused while a VM or the host uses any.
   */
  count: pulumi.Input<number>;
  /** Names of guards to override for this resource, as refusals give them: `["host-network"]`. Default: none. */
  allow?: pulumi.Input<pulumi.Input<Guard>[]>;
}

/**
 * Creates the virtual functions of a device with SR-IOV, now and, by a udev rule, after each reboot. A destroy restores
 * the previous number.
 */
export interface SriovVirtualFunctions extends PciResource {
  /**
   * Addresses of the virtual functions in the device's own order, each a `device` for other resources: `0000:03:10.0`.
   */
  readonly addresses: pulumi.Output<string[]>;
}

/** Declares how many virtual functions the device has. */
export const SriovVirtualFunctions = resourceClass<SriovVirtualFunctionsArgs, SriovVirtualFunctions>(
  "SriovVirtualFunctions",
  [...DEVICE_OUTPUTS, "addresses"],
);
