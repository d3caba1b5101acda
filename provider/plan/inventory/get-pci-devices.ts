import { z } from "zod";
import { deviceInputs } from "../inputs/device-inputs";
import type { PciDeviceFilter, PciDeviceInfo } from "./device-info";

const Filter = z
  .strictObject({
    id: z
      .string()
      .regex(/^[0-9a-f]{4}(:[0-9a-f]{4})?$/i, 'must be as "lspci -n" prints it, such as "8086:10d3" or "8086"')
      .optional()
      .describe("Vendor and device: `8086:10d3`, or the vendor alone: `8086`."),
    class: z
      .string()
      .regex(/^[0-9a-f]{1,6}$/i, 'must be a class code or its beginning, such as "02" or "0300"')
      .optional()
      .describe("The class code or a prefix of it: `02` is every network controller, `0300` every VGA card."),
    driver: z.string().optional().describe("The driver that it is bound to now."),
    label: z.string().optional().describe("A part of the label; case does not matter."),
    assignable: z.boolean().optional().describe("Whether it is ready to be attached."),
    vm: z.string().optional().describe("The name of a VM that has it now, or gets it at its next start."),
  } satisfies { readonly [name in keyof PciDeviceFilter]-?: z.ZodType })
  .meta({ id: "PciDeviceFilter", description: "What `getPciDevices` looks for; every given criterion must match." });

const Info = z
  .object({
    address: z.string().describe("In the long form, `0000:01:00.0`: what the input `device` of a resource takes."),
    id: z.string().describe("Vendor and device: `8086:10d3`."),
    subsystem: z.string().describe("Subsystem vendor and device: `15d9:060a`."),
    class: z.string().describe("Six hexadecimal digits, base class first: `020000` is an Ethernet controller."),
    label: z.string().describe("For people: `Ethernet controller: Intel Corporation 82574L`."),
    driver: z.string().optional().describe("The driver that it is bound to now."),
    assignable: z
      .boolean()
      .describe("Whether it is bound to a stub driver and no running VM can have it: ready to be attached."),
    hidden: z.boolean().describe("Whether every future boot hides it from the host."),
    vms: z.array(z.string()).describe("Names of the VMs that have it now, or get it at their next start."),
    groupMembers: z
      .array(z.string())
      .optional()
      .describe(
        "Addresses of the other functions in its IOMMU group: a VM gets all of them or none. Undefined when it is in no group.",
      ),
    physicalFunction: z
      .string()
      .optional()
      .describe("The address of the physical function, when this is a virtual function."),
    mostVirtualFunctions: z.int().describe("How many virtual functions it can have; 0 without SR-IOV."),
  } satisfies { readonly [name in keyof PciDeviceInfo]-?: z.ZodType })
  .meta({ id: "PciDeviceInfo", description: "One PCI function of a host, as returned by `getPciDevices`." });

/** The function getPciDevices. */
export const getPciDevices = {
  description:
    "Returns the PCI functions of a host, lowest address first, as they are now. Fails when the host cannot be asked.",
  inputs: z.strictObject({
    host: deviceInputs.host,
    filter: Filter.optional().describe(
      "Which functions to return: those for which all that is given holds. Default: every PCI function of the host.",
    ),
  }),
  outputs: z.object({ devices: z.array(Info).describe("The functions that were found, lowest address first.") }),
};
