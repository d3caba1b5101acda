import { credentials } from "@grpc/grpc-js";
import { Alias } from "@pulumi/pulumi/proto/alias_pb";
import provider from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import monitor from "@pulumi/pulumi/proto/resource_pb";
import type { ResourceKind } from "../../claims/claim-key";
import { PassthroughError } from "../../errors";
import type { Bag } from "../../plan/kind";
import { KINDS } from "../../plan/kinds/kinds";
import { pciPassthrough } from "../../plan/kinds/pci-passthrough";
import { pick } from "../../resources/input-bag";
import { failuresOf, IN_WORDS, inOneLine } from "../../resources/input-failures";
import { containsUnknown } from "../../resources/unknowns";
import { dynamicTypeOf } from "../../resources/urn";
import { readBag, type SecretPath, type Unmarked, writeBag } from "./property-bag";
import { tokenOf } from "./schema/object-spec";

/** A resource that the engine has registered. */
interface Registered extends Unmarked {
  readonly urn: string;
}

/**
 * Registers the parts of a PciPassthrough with the engine, each after the one before, and answers with the outputs of its
 * attachment. It talks to the engine by its stubs: the SDK would load 60 MB, and keeps its settings once for a process.
 * `meant`: the inputs with the host that their name means. Throws PassthroughError for wrong inputs.
 */
export async function constructPassthrough(
  request: provider.ConstructRequest,
  version: string,
  meant: (bag: Bag) => Bag,
): Promise<provider.ConstructResponse> {
  const { values, secrets } = readBag(request.getInputs());
  const name = request.getName();
  refuseWrong(name, meant(values));
  const client = new ResourceMonitorClient(request.getMonitorendpoint(), credentials.createInsecure());
  try {
    const component = await register(client, componentRequest(request));
    const dependsOn = request.getDependenciesList();
    let device: unknown = values.device;
    let before: Registered | undefined;
    for (const { kind, suffix } of partsOf(name, values)) {
      const inputs = { ...pick(values, Object.keys(KINDS[kind].inputs.shape)), device };
      const child = childRequest(request, kind, `${name}-${suffix}`, component.urn, version)
        .setObject(writeBag(inputs, secrets))
        .setDependenciesList([...dependsOn, ...(before ? [before.urn] : [])]);
      const dependencies = child.getPropertydependenciesMap();
      request.getInputdependenciesMap().forEach((of, property) => {
        if (property in inputs)
          dependencies.set(
            property,
            new monitor.RegisterResourceRequest.PropertyDependencies().setUrnsList(of.getUrnsList()),
          );
      });
      if (before)
        dependencies.set(
          "device",
          new monitor.RegisterResourceRequest.PropertyDependencies().setUrnsList([before.urn]),
        );
      before = await register(client, child);
      device = before.values.device ?? device;
    }
    const state = stateOf(before);
    await complete(client, component.urn, state);
    return new provider.ConstructResponse().setUrn(component.urn).setState(state);
  } finally {
    client.close();
  }
}

/** The resources of a component, in the order in which they are made. */
function partsOf(name: string, { hide = true, assign = true }: Bag): readonly { kind: ResourceKind; suffix: string }[] {
  if (containsUnknown([hide, assign]))
    throw new PassthroughError(
      `Unable to declare the PciPassthrough "${name}": hide and assign must be true or false, and wait for another resource.`,
    );
  return [
    ...(hide ? [{ kind: "HiddenPciDevice", suffix: "hidden" } as const] : []),
    ...(assign ? [{ kind: "AssignableDevice", suffix: "assignable" } as const] : []),
    { kind: "VmPciAttachment", suffix: "attachment" },
  ];
}

function refuseWrong(name: string, inputs: Bag): void {
  const known = Object.entries(inputs).filter(([, value]) => value !== null && !containsUnknown(value));
  const schema = known.length < Object.keys(inputs).length ? pciPassthrough.inputs.partial() : pciPassthrough.inputs;
  const checked = schema.safeParse(Object.fromEntries(known), IN_WORDS);
  if (checked.success) return;
  const failures = failuresOf(checked.error, inputs, pciPassthrough.inputs);
  throw new PassthroughError(`Unable to declare the PciPassthrough "${name}": ${inOneLine(failures)}.`);
}

function componentRequest(request: provider.ConstructRequest): monitor.RegisterResourceRequest {
  const component = new monitor.RegisterResourceRequest()
    .setType(request.getType())
    .setName(request.getName())
    .setParent(request.getParent())
    .setDependenciesList(request.getDependenciesList())
    .setAliasesList(request.getAliasesList())
    .setAliasspecs(true)
    .setAcceptsecrets(true)
    .setDeletedwith(request.getDeletedwith())
    .setObject(writeBag({}, new Set()));
  if (request.hasProtect()) component.setProtect(request.getProtect() ?? false);
  if (request.hasRetainondelete()) component.setRetainondelete(request.getRetainondelete() ?? false);
  request.getProvidersMap().forEach((reference, name) => {
    component.getProvidersMap().set(name, reference);
  });
  return component;
}

function childRequest(
  request: provider.ConstructRequest,
  kind: ResourceKind,
  name: string,
  parent: string,
  version: string,
): monitor.RegisterResourceRequest {
  const child = new monitor.RegisterResourceRequest()
    .setType(tokenOf(kind))
    .setName(name)
    .setParent(parent)
    .setCustom(true)
    .setVersion(version)
    .setProvider(request.getProvidersMap().get("pci-passthrough") ?? "")
    .setDeletedwith(request.getDeletedwith())
    // The component of the npm package has the same parts of the dynamic provider.
    .setAliasesList([new Alias().setSpec(new Alias.Spec().setType(dynamicTypeOf(kind)))])
    .setAliasspecs(true)
    .setAcceptsecrets(true)
    .setSupportspartialvalues(true);
  if (request.hasProtect()) child.setProtect(request.getProtect() ?? false);
  if (request.hasRetainondelete()) child.setRetainondelete(request.getRetainondelete() ?? false);
  return child;
}

function stateOf(attachment: Registered | undefined) {
  const { values, secrets } = attachment ?? { values: {}, secrets: new Set<SecretPath>() };
  return writeBag(pick(values, Object.keys(pciPassthrough.outputs.shape)), secrets);
}

function register(client: ResourceMonitorClient, request: monitor.RegisterResourceRequest): Promise<Registered> {
  return new Promise((done, fail) =>
    client.registerResource(request, (error, response) =>
      error ? fail(error) : done({ urn: response.getUrn(), ...readBag(response.getObject()) }),
    ),
  );
}

function complete(client: ResourceMonitorClient, urn: string, outputs: ReturnType<typeof writeBag>): Promise<void> {
  const request = new monitor.RegisterResourceOutputsRequest().setUrn(urn).setOutputs(outputs);
  return new Promise((done, fail) =>
    client.registerResourceOutputs(request, (error) => (error ? fail(error) : done())),
  );
}
