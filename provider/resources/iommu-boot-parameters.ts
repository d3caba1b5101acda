import { z } from "zod";
import { HostInput } from "./host-input";
import { resourceDefinition } from "./lifecycle";

export const iommuBootParameters = resourceDefinition(z.strictObject({ host: HostInput }), [], () => ({
  kind: "IommuBootParameters",
}));
