import type * as pulumi from "@pulumi/pulumi";
import type { FunctionStatus, Pending } from "./device";
import type { HostResource } from "./host-resource";

/** What all resources for a device have in common. */
export interface PciResource extends HostResource {
  /**
   * The device in the long form, `0000:04:00.0` or `0000:04:00`. Pass it to another resource to make that wait for this
   * one.
   */
  readonly device: pulumi.Output<string>;
  /** The functions of the device, lowest address first. */
  readonly functions: pulumi.Output<FunctionStatus[]>;
  /** Whether the declaration survives a reboot of the host. */
  readonly configured: pulumi.Output<boolean>;
  /** Whether the declaration holds now, for all functions. */
  readonly active: pulumi.Output<boolean>;
  /** What must happen before the declaration holds completely. */
  readonly pending: pulumi.Output<Pending>;
  /**
   * Opaque text that changes only with a write that needs a reboot; pass it to `triggers` of a HostReboot. Empty if
   * there was none.
   */
  readonly bootChange: pulumi.Output<string>;
}

/** The outputs that all of them have. */
export const DEVICE_OUTPUTS = ["functions", "configured", "active", "pending", "bootChange"] as const;
