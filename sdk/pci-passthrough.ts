import * as pulumi from "@pulumi/pulumi";
import { AssignableDevice, type AssignableDeviceArgs } from "./assignable-device";
import type { FunctionStatus, Pending } from "./device";
import { HiddenPciDevice, type HiddenPciDeviceArgs } from "./hidden-pci-device";
import { requireHost } from "./host";
import { VmPciAttachment, type VmPciAttachmentArgs } from "./vm-pci-attachment";

/** The arguments of a PciPassthrough. */
export interface PciPassthroughArgs
  extends VmPciAttachmentArgs,
    Pick<AssignableDeviceArgs, "driver" | "group">,
    Pick<HiddenPciDeviceArgs, "mechanism"> {
  /** Whether the host hides the device from its own driver, from the next boot on. Default: true. */
  hide?: boolean;
  /** Whether the stub driver takes the device now, without a reboot. Default: true. */
  assign?: boolean;
}

/**
 * A device of a host for a VM, from boot to guest: a HiddenPciDevice, an AssignableDevice and a VmPciAttachment. It
 * never reboots the host: to reboot between these steps, declare the three and a HostReboot yourself.
 */
export class PciPassthrough extends pulumi.ComponentResource {
  /** Undefined with `hide: false`. */
  declare readonly hidden: HiddenPciDevice | undefined;
  /** Undefined with `assign: false`. */
  declare readonly assignable: AssignableDevice | undefined;
  /** The attachment to the VM; its `pending` says what is still to happen there. */
  declare readonly attachment: VmPciAttachment;
  /** The functions of the device, as its attachment says. */
  declare readonly functions: pulumi.Output<FunctionStatus[]>;
  /** Whether the VM has the device now. */
  declare readonly active: pulumi.Output<boolean>;
  /** What must happen before the VM has the device. */
  declare readonly pending: pulumi.Output<Pending>;

  /** Declares that the VM has the device. */
  constructor(name: string, args: PciPassthroughArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pci-passthrough:index:PciPassthrough", name, {}, opts);
    requireHost("PciPassthrough", name, args);
    requireBoolean(name, "hide", args.hide);
    requireBoolean(name, "assign", args.assign);
    const { hide = true, assign = true, driver, mechanism, group, ...attachment } = args;
    const { host, expect, allow } = attachment;
    const given = <T extends object>(inputs: T): T =>
      Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined)) as T;
    const parent = { parent: this };
    // Each passes the device on to the next, so that they are created in this order and deleted in the reverse.
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
    this.functions = this.attachment.functions;
    this.active = this.attachment.active;
    this.pending = this.attachment.pending;
    const { hidden, assignable, functions, active, pending } = this;
    this.registerOutputs({ hidden, assignable, attachment: this.attachment, functions, active, pending });
  }
}

/** Which parts there are is decided here, before any check: a program without types may say `hide: "no"`. */
function requireBoolean(name: string, argument: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  const given = pulumi.Output.isInstance(value) ? "an output" : JSON.stringify(value);
  throw new pulumi.RunError(
    `Unable to declare the PciPassthrough "${name}": \`${argument}\` must be true or false, and it is ${given}.`,
  );
}
