import { z } from "zod";
import { deviceInputs, deviceWish } from "./device-inputs";
import { resourceDefinition } from "./lifecycle";

const inputs = z.strictObject({
  ...deviceInputs,
  driver: z
    .enum(["pciback"], {
      error: (issue) => `"${String(issue.input)}" is for hosts with KVM, which are not supported yet`,
    })
    .optional(),
});

export const assignableDevice = resourceDefinition(inputs, ["device", "driver"], (given) => ({
  kind: "AssignableDevice",
  ...deviceWish(given),
}));
