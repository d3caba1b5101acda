import { z } from "zod";
import { deviceOutputs } from "../status";
import { assignableDevice } from "./assignable-device";
import { hiddenPciDevice } from "./hidden-pci-device";
import { vmPciAttachment } from "./vm-pci-attachment";

const { functions, active, pending } = deviceOutputs.shape;

/** The component PciPassthrough: three kinds for one device and one VM. */
export const pciPassthrough = {
  description:
    "A device of a host for a VM, from boot to guest: a HiddenPciDevice, an AssignableDevice and a VmPciAttachment. It never reboots the host: to reboot between these steps, declare the three and a HostReboot yourself.",
  inputs: z.strictObject({
    ...vmPciAttachment.inputs.shape,
    driver: assignableDevice.inputs.shape.driver,
    group: assignableDevice.inputs.shape.group,
    mechanism: hiddenPciDevice.inputs.shape.mechanism,
    hide: z
      .boolean()
      .optional()
      .describe("Whether the host hides the device from its own driver, from the next boot on. Default: true."),
    assign: z
      .boolean()
      .optional()
      .describe("Whether the stub driver takes the device now, without a reboot. Default: true."),
  }),
  /** Those of its attachment. */
  outputs: z.object({ functions, active, pending }),
};
