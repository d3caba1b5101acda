import type * as pulumi from "@pulumi/pulumi";
import type { DeviceArgs } from "./device";
import { resourceClass } from "./host-resource";
import { DEVICE_OUTPUTS, type PciResource } from "./pci-resource";

/** The arguments of a VmPciAttachment. */
export interface VmPciAttachmentArgs extends DeviceArgs {
  /** The VM: its name, its UUID, or the path of its configuration file on the host. */
  vm: pulumi.Input<string>;
  /**
   * Where the VM gets the device. `config`: in its configuration, from its next start on. `live`: only in the running
   * VM. `both`: in both, and refused where the host cannot hot-plug. Default: in the configuration, and in the running
   * VM too where the host can hot-plug.
   */
  scope?: pulumi.Input<"config" | "live" | "both">;
  /**
   * Whether a PV guest may write to all of the device's configuration space, which may be unsafe. For Xen: xl, xm, and
   * libvirt from 6.8.0 on. Default: the VM's own setting, else false.
   */
  permissive?: pulumi.Input<boolean>;
  /**
   * Whether the host uses MSI for the device while an HVM guest uses INTx. For xl and xm. Default: the VM's own
   * setting, else false.
   */
  msitranslate?: pulumi.Input<boolean>;
  /**
   * Whether an HVM guest may change the device's power state. For xl and xm. Default: the VM's own setting, else false.
   */
  powerManagement?: pulumi.Input<boolean>;
  /**
   * Whether xl makes the device assignable when the VM starts; not needed beside an AssignableDevice. For xl.
   * Default: the VM's own setting, else false.
   */
  seize?: pulumi.Input<boolean>;
  /**
   * What xl does if memory that the firmware reserves for the device (RMRR) collides with the guest's: refuse to start
   * the VM (`strict`), or only warn (`relaxed`). For xl from 4.6 on. Default: the VM's own setting, else xl's.
   */
  rdmPolicy?: pulumi.Input<"strict" | "relaxed">;
  /** Slot on the guest's PCI bus, from 0 to 31; 0 lets the toolstack choose. Default: 0. */
  vslot?: pulumi.Input<number>;
  /**
   * Fields of the configuration space that the guest may write as well, as in `/etc/xen/xend-pci-quirks.sxp`:
   * `register:size:mask` in hexadecimal, with a size of 1, 2 or 4 bytes. `"000000e0:2:00000000"` is the register 0xe0,
   * 2 bytes, and a mask that nothing uses. For xm. Default: none.
   */
  quirks?: pulumi.Input<readonly pulumi.Input<string>[]>;
}

/**
 * Gives a device to a VM: as an entry in its configuration, and by hot-plug in the running VM where that is wanted and
 * possible. `pending` is `vm-restart` while only a restart of the VM can complete it. A destroy detaches the device and
 * removes the entry.
 */
export interface VmPciAttachment extends PciResource {
  /** The VM, as it was given. */
  readonly vm: pulumi.Output<string>;
}

/** Declares that the VM has the device. */
export const VmPciAttachment = resourceClass<VmPciAttachmentArgs, VmPciAttachment>("VmPciAttachment", DEVICE_OUTPUTS);
