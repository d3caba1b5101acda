import { z } from "zod";
import { formatPciTarget, type PciTarget, parsePciTarget } from "../../pci/address";
import { STUB_DRIVERS } from "../../pci/stub-driver";
import { GUARD_NAMES, isFinal } from "../guards/guards";
import { HostInput } from "./host-input";

const ADDRESS_FORM = 'must be a PCI address such as "0000:04:00.0" or "04:00.0", or a slot such as "0000:04:00"';

/** The input `device`, converted to the long form that state, ids and messages use. */
export const DeviceInput = z.string().transform((text, context) => {
  const target = parsePciTarget(text);
  if (!target) context.addIssue(`"${text}" ${ADDRESS_FORM}`);
  return target ? formatPciTarget(target) : z.NEVER;
});

const Pair = z
  .string()
  .regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/i, 'must be two numbers as "lspci -n" prints them, such as "8086:10d3"')
  .toLowerCase();
const Expected = z.strictObject({ id: Pair.optional(), subsystem: Pair.optional() });

const Allowed = z.enum(GUARD_NAMES).refine((guard) => !isFinal(guard), {
  error: (issue) => `"${issue.input}" cannot be overridden`,
});

/** The input `driver`: a stub driver. */
export const StubDriverInput = z.enum(STUB_DRIVERS).optional();

/** The inputs of every resource for a device. */
export const deviceInputs = {
  host: HostInput,
  device: DeviceInput,
  expect: z.union([Expected, z.array(Expected).max(8)]).optional(),
  allow: z.array(Allowed).optional(),
};

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
