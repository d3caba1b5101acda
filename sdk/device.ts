import type * as pulumi from "@pulumi/pulumi";
import type { Guard } from "../provider/plan/guard";
import type { HostArgs } from "./host";

export type { Guard };

/** What a PCI function must be. A function that is another one is refused: hardware was changed, or renumbered. */
export interface ExpectedIdentity {
  /** Vendor and device as `lspci -n` prints them: `8086:10d3`. */
  id?: pulumi.Input<string>;
  /** Subsystem vendor and device: `15d9:060a`. */
  subsystem?: pulumi.Input<string>;
}

/** What every resource for a device takes. */
export interface DeviceArgs {
  host: pulumi.Input<HostArgs>;
  /** `0000:04:00.0` or `04:00.0`; a slot, `0000:04:00`, means all functions of the device. */
  device: pulumi.Input<string>;
  /** One for the first function, or one for each. */
  expect?: pulumi.Input<ExpectedIdentity | pulumi.Input<ExpectedIdentity>[]>;
  /** Guards that this declaration overrides, by name. Refusals say which one it is. */
  allow?: pulumi.Input<pulumi.Input<Guard>[]>;
}

/** What has to happen until a declaration is true altogether. */
export type Pending = "none" | "host-reboot" | "vm-restart";

/** One function of a device, as the host says it. */
export interface FunctionStatus {
  address: string;
  identity: {
    id: string;
    subsystem: string;
    /** Six hexadecimal digits, base class first. */
    class: string;
    /** For people. */
    label: string;
  };
  /** The driver of the host that gets the function back in the end. */
  originalDriver?: string;
  active: boolean;
}
