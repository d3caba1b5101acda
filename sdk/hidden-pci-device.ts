import type * as pulumi from "@pulumi/pulumi";
import type { StubDriver } from "../provider/pci/stub-driver";
import type { HideMechanismName } from "../provider/plan/hide-mechanism-name";
import type { DeviceArgs } from "./device";
import { resourceClass } from "./host-resource";
import { DEVICE_OUTPUTS, type PciResource } from "./pci-resource";

/** The arguments of a HiddenPciDevice. */
export interface HiddenPciDeviceArgs extends DeviceArgs {
  /**
   * The stub driver that takes the device at boot. Default: `pciback` on Xen; without Xen `vfio-pci`, or `pci-stub`
   * where libvirt is older than 1.0.5 or the kernel has no vfio-pci.
   */
  driver?: pulumi.Input<StubDriver>;
  /**
   * How the device is hidden at boot. Default: `auto`, the way that this host already uses, or else the first that
   * works on it. `kernel-ids` hides every device of the same vendor and device id, and is used only when named.
   */
  mechanism?: pulumi.Input<"auto" | HideMechanismName>;
}

/**
 * Changes the boot configuration of a host so that, from the next boot on, the stub driver takes a device before its
 * own driver can. It never reboots the host: `pending` is `host-reboot` until somebody does, for example a HostReboot.
 * A destroy removes the boot entry; the device stays on the stub driver until the next reboot.
 */
export interface HiddenPciDevice extends PciResource {}

/** Declares that the host hides the device at every boot. */
export const HiddenPciDevice = resourceClass<HiddenPciDeviceArgs, HiddenPciDevice>("HiddenPciDevice", DEVICE_OUTPUTS);
