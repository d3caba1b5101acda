import type * as pulumi from "@pulumi/pulumi";
import type { StubDriver } from "../provider/pci/stub-driver";
import type { DeviceArgs } from "./device";
import { resourceClass } from "./host-resource";
import { DEVICE_OUTPUTS, type PciResource } from "./pci-resource";

/** The arguments of an AssignableDevice. */
export interface AssignableDeviceArgs extends DeviceArgs {
  /**
   * The stub driver that takes the device. Default: `pciback` on Xen; without Xen `vfio-pci`, or `pci-stub` where
   * libvirt is older than 1.0.5 or the kernel has no vfio-pci.
   */
  driver?: pulumi.Input<StubDriver>;
  /**
   * Whether the other functions of the device's IOMMU group go to the stub driver too. Default: false; a group with
   * functions that the host still uses is then refused (guard `iommu-group`).
   */
  group?: pulumi.Input<boolean>;
}

/**
 * Moves a device from its own driver to the host's stub driver, at once and without a reboot, so that a VM can get it.
 * A destroy gives it back to the driver that it had before. After a reboot of the host the next `up` moves it again;
 * HiddenPciDevice makes that permanent.
 */
export interface AssignableDevice extends PciResource {}

/** Declares that the stub driver has the device now. */
export const AssignableDevice = resourceClass<AssignableDeviceArgs, AssignableDevice>(
  "AssignableDevice",
  DEVICE_OUTPUTS,
);
