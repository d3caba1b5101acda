import { z } from "zod";
import { deviceInputs, deviceWish, StubDriverInput } from "../plan/inputs/device-inputs";
import { resourceDefinition } from "./lifecycle";

const inputs = z.strictObject({ ...deviceInputs, driver: StubDriverInput, group: z.boolean().optional() });

export const assignableDevice = resourceDefinition(inputs, ["device", "driver"], (given) => ({
  kind: "AssignableDevice",
  ...deviceWish(given),
  driver: given.driver,
  group: given.group ?? false,
}));
