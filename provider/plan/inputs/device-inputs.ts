import { z } from "zod";
import { formatPciTarget, type PciTarget, parsePciTarget } from "../../pci/address";
import { STUB_DRIVERS } from "../../pci/stub-driver";
import { GUARD_NAMES, type Guard, OVERRIDABLE_GUARDS } from "../guards/guard-name";
import { HostInput } from "./host-input";

const ADDRESS_FORM = 'must be a PCI address such as "0000:04:00.0" or "04:00.0", or a slot such as "0000:04:00"';

/** The input `device`, converted to the long form that state, ids and messages use. */
export const DeviceInput = z
  .string()
  .transform((text, context) => {
    const target = parsePciTarget(text);
    if (!target) context.addIssue(`"${text}" ${ADDRESS_FORM}`);
    return target ? formatPciTarget(target) : z.NEVER;
  })
  .describe(
    "Address of a function, `0000:04:00.0` or `04:00.0`, or of a slot, `0000:04:00`, which means all functions of the device.",
  );

const Pair = z
  .string()
  .regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/i, 'must be two numbers as "lspci -n" prints them, such as "8086:10d3"')
  .toLowerCase();
const Expected = z
  .strictObject({
    id: Pair.optional().describe("Vendor and device id as `lspci -n` prints them: `8086:10d3`. Default: any."),
    subsystem: Pair.optional().describe("Subsystem vendor and device id: `15d9:060a`. Default: any."),
  })
  .meta({
    id: "ExpectedIdentity",
    description:
      "What a PCI function must be. Anything else at its address is refused: the hardware was changed or renumbered.",
  });

const Allowed = z
  .enum(OVERRIDABLE_GUARDS, {
    error: ({ input }) => (GUARD_NAMES.some((name) => name === input) ? `"${input}" cannot be overridden` : undefined),
  })
  .meta({ id: "Guard", description: "A guard that can be overridden, by the name that refusals give." });

/** The input `driver`: a stub driver. */
export const StubDriverInput = z
  .enum(STUB_DRIVERS)
  .meta({ id: "StubDriver", description: "A driver that only reserves a function for a VM." })
  .optional();

/** What the input `driver` means where nothing is given. */
export const STUB_DRIVER_DEFAULT =
  "Default: `pciback` on Xen; without Xen `vfio-pci`, or `pci-stub` where libvirt is older than 1.0.5 or the kernel has no vfio-pci.";

/** The inputs of every resource for a device. */
export const deviceInputs = {
  host: HostInput.describe("The host, and how to log in to it."),
  device: DeviceInput,
  expect: z
    .union([Expected, z.array(Expected).max(8)], { error: 'must be an object such as { id: "8086:10d3" }, or a list' })
    .optional()
    .describe(
      "What the device must be: for its first function, or a list for its functions in order, 8 at most. Default: anything.",
    ),
  allow: allowInput("mounted-storage"),
};

/** The input `allow`, explained with a guard that matters to the resource. */
export function allowInput(guard: Guard) {
  return z
    .array(Allowed)
    .optional()
    .describe(`Names of guards to override for this resource, as refusals give them: \`["${guard}"]\`. Default: none.`);
}

/** The checked inputs of every resource for a device. */
export type DeviceInputs = z.infer<z.ZodObject<typeof deviceInputs>>;

/** The fields that the wishes of all kinds for devices share. Throws RangeError as `targetOf`. */
export function deviceWish(inputs: DeviceInputs) {
  const expect = inputs.expect ?? [];
  return {
    target: targetOf(inputs.device),
    toolstack: inputs.host.toolstack,
    expect: Array.isArray(expect) ? expect : [expect],
    allow: inputs.allow ?? [],
  };
}

/** The target of a `device` input that was checked before. Throws RangeError for anything else. */
export function targetOf(device: string): PciTarget {
  const target = parsePciTarget(device);
  if (!target) throw new RangeError(`"${device}" ${ADDRESS_FORM}`);
  return target;
}
