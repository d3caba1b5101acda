import type * as pulumi from "@pulumi/pulumi";
import type { DeviceArgs } from "./device";
import { PciResource } from "./pci-resource";

export interface AssignableDeviceArgs extends DeviceArgs {
  /** The stub driver that takes the device. Default: the one of the host. */
  driver?: pulumi.Input<"pciback" | "vfio-pci" | "pci-stub">;
  /** Takes every other function of the device's IOMMU group along. Default: false, and a group with other members in use is refused. */
  group?: pulumi.Input<boolean>;
}

/** A device that the stub driver of the host has now, so that a VM can get it. Deleted, its own driver gets it back. */
export class AssignableDevice extends PciResource {
  constructor(name: string, args: AssignableDeviceArgs, opts?: pulumi.CustomResourceOptions) {
    super("AssignableDevice", name, args, opts);
  }
}
