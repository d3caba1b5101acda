import { z } from "zod";
import { parsePciAddress } from "../pci/address";
import { DeviceInput, deviceInputs, deviceWish } from "../plan/inputs/device-inputs";
import { resourceDefinition } from "./lifecycle";

const inputs = z.strictObject({
  host: deviceInputs.host,
  device: DeviceInput.refine((device) => parsePciAddress(device) !== undefined, {
    error: (issue) =>
      `"${issue.input}" is a slot, and one function has the virtual functions: name it, as in "${issue.input}.0"`,
  }),
  count: z.int().min(1, "must be 1 or more: without the resource there are none"),
  allow: deviceInputs.allow,
});

export const sriovVirtualFunctions = resourceDefinition(inputs, ["device"], (given) => ({
  kind: "SriovVirtualFunctions",
  ...deviceWish({ ...given, expect: undefined }),
  count: given.count,
}));
