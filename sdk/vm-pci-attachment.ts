import type * as pulumi from "@pulumi/pulumi";
import type { DeviceArgs } from "./device";
import { PciResource } from "./pci-resource";

export interface VmPciAttachmentArgs extends DeviceArgs {
  /** The VM's name or uuid, or the path of its configuration file on the host. */
  vm: pulumi.Input<string>;
  /**
   * `config`: from the VM's next start on. `live`: the running VM alone. `both`: both.
   * Default: the configuration, and the running VM too where the host can.
   */
  scope?: pulumi.Input<"config" | "live" | "both">;
  /** Lets a PV guest write to all of the configuration space. Potentially unsafe. */
  permissive?: pulumi.Input<boolean>;
  /** Lets an HVM guest have MSI where only INTx would be. */
  msitranslate?: pulumi.Input<boolean>;
  /** Lets an HVM guest switch the power states of the device. */
  powerManagement?: pulumi.Input<boolean>;
  /** Makes the device assignable when the VM starts. With an AssignableDevice it is not needed. */
  seize?: pulumi.Input<boolean>;
  /** What to do where the firmware reserves memory for the device (RMRR). */
  rdmPolicy?: pulumi.Input<"strict" | "relaxed">;
  /** The slot in the guest, 0 to 31. */
  vslot?: pulumi.Input<number>;
  /**
   * With xend alone: fields of the configuration space that the guest may write besides, as `/etc/xen/xend-pci-quirks.sxp` has them.
   * `"000000e0:2:00000000"` is the register 0xe0, 2 bytes, and a mask that nothing uses.
   */
  quirks?: pulumi.Input<readonly pulumi.Input<string>[]>;
}

/** A device that belongs to a VM: an entry in its configuration, and in the running VM where that is wished and possible. */
export class VmPciAttachment extends PciResource {
  constructor(name: string, args: VmPciAttachmentArgs, opts?: pulumi.CustomResourceOptions) {
    super("VmPciAttachment", name, args, opts);
  }
}
