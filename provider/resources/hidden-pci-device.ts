import { z } from "zod";
import { HIDE_MECHANISM_NAMES } from "../plan/hide-mechanism";
import { deviceInputs, deviceWish, StubDriverInput } from "../plan/inputs/device-inputs";
import { resourceDefinition } from "./lifecycle";

const inputs = z.strictObject({
  ...deviceInputs,
  driver: StubDriverInput,
  mechanism: z.enum(["auto", ...HIDE_MECHANISM_NAMES]).optional(),
});

export const hiddenPciDevice = resourceDefinition(inputs, ["device", "driver"], (given) => ({
  kind: "HiddenPciDevice",
  ...deviceWish(given),
  driver: given.driver,
  mechanism: given.mechanism ?? "auto",
}));
