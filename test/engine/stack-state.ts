import { z } from "zod";

const Bag = z.record(z.string(), z.unknown());

/** One resource as the engine keeps it; what is not named here is kept as it came. */
const ResourceState = z.looseObject({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean(),
  id: z.string().optional(),
  inputs: Bag.default({}),
  outputs: Bag.default({}),
  parent: z.string().optional(),
  dependencies: z.array(z.string()).default([]),
});
export type ResourceState = z.infer<typeof ResourceState>;

/**
 * What `pulumi stack export` prints: the deployment, version 3, or 4 with features such as
 * `refreshBeforeUpdate` (pulumi, sdk/go/common/apitype/core.go, DeploymentV3; pkg/resource/stack/deployment.go).
 */
const StackExport = z.object({
  version: z.literal([3, 4]),
  deployment: z.looseObject({ resources: z.array(ResourceState).default([]) }),
});
export type StackState = z.infer<typeof StackExport>["deployment"];

/** Reads what `pulumi stack export` prints. Throws ZodError or SyntaxError when it is something else. */
export function parseStackExport(text: string): StackState {
  return StackExport.parse(JSON.parse(text)).deployment;
}
