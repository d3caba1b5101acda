import type * as pulumi from "@pulumi/pulumi";
import type { DeviceArgs } from "./device";
import { PciResource } from "./pci-resource";

export interface HiddenPciDeviceArgs extends DeviceArgs {
  /** The stub driver that takes the device. Default: the one of the host. */
  driver?: pulumi.Input<"pciback" | "vfio-pci" | "pci-stub">;
  /** How the boot is told. Default: found out from the host. */
  mechanism?: pulumi.Input<
    "auto" | "xen-cmdline" | "grub" | "modprobe" | "initramfs" | "pciback-conf" | "driver-override" | "kernel-ids"
  >;
}

/**
 * A device that the host leaves alone from its next boot on: the stub driver has it before its own driver can.
 * It never reboots the host; `pending` says whether a reboot is waited for.
 */
export class HiddenPciDevice extends PciResource {
  constructor(name: string, args: HiddenPciDeviceArgs, opts?: pulumi.CustomResourceOptions) {
    super("HiddenPciDevice", name, args, opts);
  }
}
