import * as pulumi from "@pulumi/pulumi";
import { AssignableDevice, type AssignableDeviceArgs } from "./assignable-device";
import { HiddenPciDevice, type HiddenPciDeviceArgs } from "./hidden-pci-device";
import { VmPciAttachment, type VmPciAttachmentArgs } from "./vm-pci-attachment";

export interface PciPassthroughArgs
  extends VmPciAttachmentArgs,
    Pick<AssignableDeviceArgs, "driver" | "group">,
    Pick<HiddenPciDeviceArgs, "mechanism"> {
  /** Whether the host leaves the device alone from its next boot on. Default: true. */
  hide?: boolean;
  /** Whether the stub driver takes the device now. Default: true. */
  assign?: boolean;
}

/**
 * A device of a host for a VM, from boot to guest: hidden, assignable and attached. It never reboots the host: where the
 * device is to be hidden before anything else, put a HostReboot between resources of your own.
 */
export class PciPassthrough extends pulumi.ComponentResource {
  declare readonly hidden: HiddenPciDevice | undefined;
  declare readonly assignable: AssignableDevice | undefined;
  declare readonly attachment: VmPciAttachment;

  constructor(name: string, args: PciPassthroughArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pci-passthrough:index:PciPassthrough", name, {}, opts);
    const { hide = true, assign = true, driver, mechanism, group, ...attachment } = args;
    const { host, expect, allow } = attachment;
    const given = <T extends object>(inputs: T): T =>
      Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined)) as T;
    const parent = { parent: this };
    // Each hands the device on to the next, so that they are made in this order and taken back in the other.
    let device = attachment.device;
    if (hide) {
      this.hidden = new HiddenPciDevice(
        `${name}-hidden`,
        given({ host, device, expect, allow, driver, mechanism }) as HiddenPciDeviceArgs,
        parent,
      );
      device = this.hidden.device;
    }
    if (assign) {
      this.assignable = new AssignableDevice(
        `${name}-assignable`,
        given({ host, device, expect, allow, driver, group }) as AssignableDeviceArgs,
        parent,
      );
      device = this.assignable.device;
    }
    this.attachment = new VmPciAttachment(`${name}-attachment`, { ...attachment, device }, parent);
    this.registerOutputs({ hidden: this.hidden, assignable: this.assignable, attachment: this.attachment });
  }
}
