import { z } from "zod";
import { deviceInputs, deviceWish } from "../plan/inputs/device-inputs";
import { parseConfigSpaceField } from "../vm-text/xend-pci-quirks";
import { resourceDefinition } from "./lifecycle";

const field = z.string().transform((text, context) => {
  const parsed = parseConfigSpaceField(text);
  if (parsed === undefined) {
    context.addIssue(
      `must be register:size:mask in hexadecimal, with a size of 1, 2 or 4 bytes: "000000e0:2:00000000" (got ${JSON.stringify(text)})`,
    );
  }
  return parsed ?? z.NEVER;
});

const inputs = z.strictObject({
  ...deviceInputs,
  vm: z
    .string()
    .min(1, "must not be empty")
    .regex(/^[^\n\r\0]*$/, "must be one line: the name, the uuid or the configuration file of a VM"),
  scope: z.enum(["config", "live", "both"]).optional(),
  permissive: z.boolean().optional(),
  msitranslate: z.boolean().optional(),
  powerManagement: z.boolean().optional(),
  seize: z.boolean().optional(),
  rdmPolicy: z.enum(["strict", "relaxed"]).optional(),
  vslot: z.int().min(0).max(31).optional(),
  quirks: z.array(field).min(1, "must name a field, or be left out").optional(),
});

export const vmPciAttachment = resourceDefinition(inputs, ["device", "vm"], (given) => {
  const { permissive, msitranslate, powerManagement, seize, rdmPolicy, vslot, quirks } = given;
  const options = { permissive, msitranslate, powerManagement, seize, rdmPolicy, vslot, quirks };
  return {
    kind: "VmPciAttachment",
    ...deviceWish(given),
    vm: given.vm,
    scope: given.scope ?? "auto",
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
});
