import type * as pulumi from "@pulumi/pulumi";
import type { OverridableGuard } from "../provider/plan/guards/guard-name";
import type { HostArgs } from "./host";

/** A guard that `allow` can override, by the name that refusals give. */
export type Guard = OverridableGuard;

/** What a PCI function must be. Anything else at its address is refused: the hardware was changed or renumbered. */
export interface ExpectedIdentity {
  /** Vendor and device id as `lspci -n` prints them: `8086:10d3`. Default: any. */
  id?: pulumi.Input<string>;
  /** Subsystem vendor and device id: `15d9:060a`. Default: any. */
  subsystem?: pulumi.Input<string>;
}

/** The arguments that all resources for a device share. */
export interface DeviceArgs {
  /** The host, and how to log in to it. */
  host: pulumi.Input<HostArgs>;
  /**
   * Address of a function, `0000:04:00.0` or `04:00.0`, or of a slot, `0000:04:00`, which means all functions of the
   * device.
   */
  device: pulumi.Input<string>;
  /**
   * What the device must be: for its first function, or a list for its functions in order, 8 at most. Default:
   * anything.
   */
  expect?: pulumi.Input<ExpectedIdentity | pulumi.Input<ExpectedIdentity>[]>;
  /** Names of guards to override for this resource, as refusals give them: `["mounted-storage"]`. Default: none. */
  allow?: pulumi.Input<pulumi.Input<Guard>[]>;
}

/**
 * What must happen before a declaration holds completely: nothing, a reboot of the host, the confirmation of its boot, or a
 * restart of the VM.
 */
export type Pending = "none" | "host-reboot" | "confirmation" | "vm-restart";

/** A function of a device, as the host reports it. */
export interface FunctionStatus {
  /** In the long form: `0000:04:00.0`. */
  address: string;
  /** What the function is, from its configuration space. */
  identity: {
    /** Vendor and device id: `8086:10d3`. */
    id: string;
    /** Subsystem vendor and device id: `15d9:060a`. */
    subsystem: string;
    /** Class code as six hexadecimal digits, base class first: `020000` is an Ethernet controller. */
    class: string;
    /** For people: `Ethernet controller: Intel Corporation 82574L`; the id if the host has no lspci. */
    label: string;
  };
  /** The host driver that the function had, and goes back to: `e1000e`. Absent if it had none or is not known. */
  originalDriver?: string;
  /** Whether the declaration holds for this function now. */
  active: boolean;
}
