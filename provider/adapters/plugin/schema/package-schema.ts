import { RESOURCE_KINDS, type ResourceKind } from "../../../claims/claim-key";
import { ProviderConfig } from "../../../plan/inputs/provider-config";
import { getPciDevices } from "../../../plan/inventory/get-pci-devices";
import { KINDS } from "../../../plan/kinds/kinds";
import { pciPassthrough } from "../../../plan/kinds/pci-passthrough";
import { dynamicTypeOf } from "../../../resources/urn";
import { type ObjectSpec, objectSpec, type PropertySpec, type TypeSpecs, tokenOf } from "./object-spec";

/** A resource or component in a package schema. */
export interface ResourceSpec {
  readonly description: string;
  readonly isComponent?: true;
  /** What its state has: its inputs too, unless it is a component. */
  readonly properties: ObjectSpec["properties"];
  readonly required: readonly string[];
  readonly inputProperties: ObjectSpec["properties"];
  readonly requiredInputs: readonly string[];
  readonly aliases?: readonly { readonly type: string }[];
}

/** A function in a package schema. */
export interface FunctionSpec {
  readonly description: string;
  readonly inputs: ObjectSpec;
  readonly outputs: ObjectSpec;
}

/**
 * The schema of a Pulumi package, as `GetSchema` answers and SDKs are generated from
 * (https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/).
 */
export interface PackageSchema {
  readonly name: "pci-passthrough";
  readonly version: string;
  readonly types: TypeSpecs;
  readonly provider: Pick<ResourceSpec, "description" | "inputProperties">;
  readonly resources: Readonly<Record<string, ResourceSpec>>;
  readonly functions: Readonly<Record<string, FunctionSpec>>;
  readonly [field: string]: unknown;
}

/**
 * The type of a host of the configuration in SDKs, which read it there but never need it. pulumi-java (1.12.0,
 * codegen/java/gen.go) fails where a type that a function takes is one of the configuration, too.
 */
const ANY = { $ref: "pulumi.json#/Any" };

/** The schema of the package in this version, from the declarations of inputs and outputs. */
export function packageSchema(version: string): PackageSchema {
  const types: Record<string, TypeSpecs[string]> = {};
  const config = objectSpec(ProviderConfig, "input", types);
  const resources = RESOURCE_KINDS.map((kind) => [tokenOf(kind), resourceSpec(kind, types)] as const);
  const component = componentSpec(types);
  const devices = functionSpec(types);
  return {
    name: "pci-passthrough",
    version,
    displayName: "PCI Passthrough",
    description:
      "Gives PCI devices to virtual machines: Xen, XenServer, XCP-ng and libvirt hosts, over SSH, without an agent.",
    keywords: ["category/infrastructure", "kind/native", "pci", "passthrough", "xen", "xcp-ng", "kvm", "libvirt"],
    license: "Apache-2.0",
    meta: { supportPack: true },
    config: { variables: { ...config.properties, hosts: { ...config.properties.hosts, additionalProperties: ANY } } },
    types: Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1))),
    provider: {
      description: "How to log in to hosts, for all resources that use this provider.",
      inputProperties: config.properties,
    },
    resources: Object.fromEntries([...resources, [tokenOf("PciPassthrough"), component]]),
    functions: { [tokenOf("getPciDevices")]: devices },
    language: {
      // The npm package of the project has the classes of the dynamic provider.
      nodejs: { packageName: "pulumi-pci-passthrough-sdk", respectSchemaVersion: true },
      python: { packageName: "pulumi_pci_passthrough", respectSchemaVersion: true, pyproject: { enabled: true } },
      go: { respectSchemaVersion: true },
      csharp: { respectSchemaVersion: true },
    },
  };
}

function resourceSpec(kind: ResourceKind, types: Record<string, TypeSpecs[string]>): ResourceSpec {
  const { description, inputs, outputs, keyInputs, identity } = KINDS[kind];
  const given = withHostNames(objectSpec(inputs, "input", types));
  const found = objectSpec(outputs, "output", types);
  const replacing = new Set([...keyInputs, ...identity]);
  const inputProperties = Object.fromEntries(
    Object.entries(given.properties).map(([name, property]) => [
      name,
      replacing.has(name) ? { ...property, willReplaceOnChanges: true } : property,
    ]),
  );
  return {
    description,
    properties: { ...given.properties, ...found.properties },
    required: [...new Set([...given.required, ...found.required])],
    inputProperties,
    requiredInputs: given.required,
    // A stack of the dynamic provider moves to the plugin without a change on a host.
    aliases: [{ type: dynamicTypeOf(kind) }],
  };
}

function componentSpec(types: Record<string, TypeSpecs[string]>): ResourceSpec {
  const given = withHostNames(objectSpec(pciPassthrough.inputs, "input", types));
  const found = objectSpec(pciPassthrough.outputs, "output", types);
  return {
    description: pciPassthrough.description,
    isComponent: true,
    properties: found.properties,
    required: found.required,
    inputProperties: given.properties,
    requiredInputs: given.required,
  };
}

function functionSpec(types: Record<string, TypeSpecs[string]>): FunctionSpec {
  const { description, inputs, outputs } = getPciDevices;
  return {
    description,
    inputs: withHostNames(objectSpec(inputs, "input", types)),
    outputs: objectSpec(outputs, "output", types),
  };
}

/** Through the plugin a host may be the name of one of the provider's `hosts`, too. */
function withHostNames({ properties, ...others }: ObjectSpec): ObjectSpec {
  const { $ref, description = "", ...host } = properties.host ?? {};
  const named: PropertySpec = {
    ...host,
    description: `${description.replace(/\.$/, "")}; or its name: of one of the provider's \`hosts\`, or an address where it has none.`,
    oneOf: [{ type: "string" }, { $ref }],
  };
  return { ...others, properties: { ...properties, host: named } };
}
