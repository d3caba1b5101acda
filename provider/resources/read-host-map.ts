import { z } from "zod";
import { parseId, RESOURCE_KINDS } from "../claims/claim-key";
import { PassthroughError } from "../errors";
import { type DeployedResource, hostStates, type MapState } from "../plan/inventory/host-map";
import { withHost } from "./asked-host";
import { questionsOf } from "./questions";
import { parseUrn, UrnInput } from "./urn";

/** A resource of ours in what `pulumi stack export` prints; by id and type it is known to be one. */
const Exported = z.object({
  urn: UrnInput,
  type: z.string(),
  id: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.object({ __claim: z.string().optional() }).default({}),
});
/** The deployment, version 3 (pulumi, sdk/go/common/apitype/core.go, DeploymentV3). */
const StackExport = z.object({ deployment: z.object({ resources: z.array(z.unknown()).default([]) }) });

interface OnMachine {
  readonly machineId: string;
  readonly resource: DeployedResource;
}

/**
 * Reads a host, and says what it is like now and will be. `stackExport`: what `pulumi stack export` printed of a stack.
 * Throws PassthroughError, for bad input too.
 */
export function readHostMap(host: unknown, stackExport: string | undefined): Promise<readonly MapState[]> {
  const exported = stackExport === undefined ? undefined : readStackExport(stackExport);
  return withHost(host, async (asked, input) => {
    const vms = exported?.map(({ resource: { inputs } }) => (typeof inputs.vm === "string" ? inputs.vm : undefined));
    const facts = await asked.facts("work", questionsOf(input, vms ?? []));
    const here = exported?.filter(({ machineId }) => machineId === facts.machine.id);
    return hostStates(
      facts,
      input,
      here?.map(({ resource }) => resource),
    );
  });
}

function readStackExport(text: string): readonly OnMachine[] {
  const resources = StackExport.safeParse(jsonIn(text)).data?.deployment.resources;
  if (!resources)
    throw new PassthroughError(
      'Unable to read the stack: this is not what "pulumi stack export" prints. Give it the file of "pulumi stack export --file stack.json".',
    );
  return resources.flatMap((resource) => {
    const { urn, type, id, inputs, outputs } = Exported.safeParse(resource).data ?? {};
    const kind = RESOURCE_KINDS.find((known) => type?.endsWith(`pci-passthrough:${known}`));
    if (!kind || urn === undefined || id === undefined || !inputs) return [];
    const { project, stack, parents, name } = parseUrn(urn);
    const owner = { project, stack, parents, label: name, token: outputs?.__claim, isDeployed: true };
    return [{ machineId: parseId(id).machineId, resource: { kind, inputs, owner } }];
  });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
