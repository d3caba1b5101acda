import { z } from "zod";
import { deviceInputs, deviceWish } from "./device-inputs";
import { resourceDefinition } from "./lifecycle";

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
});

export const vmPciAttachment = resourceDefinition(inputs, ["device", "vm"], (given) => {
  const { permissive, msitranslate, powerManagement, seize, rdmPolicy, vslot } = given;
  const options = { permissive, msitranslate, powerManagement, seize, rdmPolicy, vslot };
  return {
    kind: "VmPciAttachment",
    ...deviceWish(given),
    vm: given.vm,
    scope: given.scope ?? "auto",
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
});
