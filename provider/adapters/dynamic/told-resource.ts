import { z } from "zod";
import type { ResourceKind } from "../../claims/claim-key";
import { dynamicTypeOf, type Urn, urnOf } from "../../resources/urn";

const TOLD = /^(?<stack>[^:]+)::(?<project>[^:]+)::(?<parents>.*?)::(?<name>[\s\S]+)$/;

/** The input `__resource`, as sdk/host-resource.ts writes it: `<stack>::<project>::<types that it is in>::<name>`. */
export const ToldResource = z.string().regex(TOLD);

/** The URN of a resource of this kind. Throws ZodError for anything that `ToldResource` does not let through. */
export function toldUrn(kind: ResourceKind, told: unknown): Urn {
  const { stack = "", project = "", parents = "", name = "" } = TOLD.exec(ToldResource.parse(told))?.groups ?? {};
  return urnOf(dynamicTypeOf(kind), { stack, project, parents, name });
}
