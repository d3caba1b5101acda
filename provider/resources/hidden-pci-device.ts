import { z } from "zod";
import { deviceInputs, deviceWish } from "./device-inputs";
import { resourceDefinition } from "./lifecycle";

const inputs = z.strictObject({
  ...deviceInputs,
  driver: z.enum(["pciback"], { error: notYet }).optional(),
  mechanism: z.enum(["auto", "modprobe"], { error: notYet }).optional(),
});

function notYet(issue: { input?: unknown }): string {
  return `"${String(issue.input)}" is not supported yet: this version hides devices with pciback as a module (modprobe)`;
}

export const hiddenPciDevice = resourceDefinition(inputs, ["device", "driver"], (given) => ({
  kind: "HiddenPciDevice",
  ...deviceWish(given),
}));
