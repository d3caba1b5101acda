import { z } from "zod";
import { HostInput } from "../plan/inputs/host-input";
import { resourceDefinition } from "./lifecycle";

export const iommuBootParameters = resourceDefinition(z.strictObject({ host: HostInput }), [], () => ({
  kind: "IommuBootParameters",
}));
