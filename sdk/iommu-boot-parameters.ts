import type * as pulumi from "@pulumi/pulumi";
import type { HostArgs } from "./host";
import { type HostResource, resourceClass } from "./host-resource";

/** The arguments of an IommuBootParameters. */
export interface IommuBootParametersArgs {
  /** The host, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
}

/**
 * Turns on a host's IOMMU, without which VMs cannot have devices safely. It adds the boot argument that is missing, and
 * writes nothing if the IOMMU is on already. Where only a person can help (in the firmware setup, say), preview says
 * what to do. A destroy removes the argument.
 */
export interface IommuBootParameters extends HostResource {
  /** The kind of IOMMU that the firmware offers; `none` if there is none, or if the firmware setup has it disabled. */
  readonly firmware: pulumi.Output<"intel" | "amd" | "none">;
  /** Whether the boot configuration turns the IOMMU on at every boot. */
  readonly configured: pulumi.Output<boolean>;
  /** Whether the IOMMU is on now. */
  readonly active: pulumi.Output<boolean>;
  /**
   * `host-reboot` if the IOMMU is configured but not yet on, `confirmation` while the boot with it is on trial; else
   * `none`.
   */
  readonly pending: pulumi.Output<"none" | "host-reboot" | "confirmation">;
  /**
   * Opaque text that changes only with a write that needs a reboot; pass it to `triggers` of a HostReboot. Empty if
   * there was none.
   */
  readonly bootChange: pulumi.Output<string>;
}

/** Declares that the host boots with its IOMMU on. */
export const IommuBootParameters = resourceClass<IommuBootParametersArgs, IommuBootParameters>("IommuBootParameters", [
  "firmware",
  "configured",
  "active",
  "pending",
  "bootChange",
]);
