import fs from "node:fs";
import path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import ts from "typescript";
import type { z } from "zod";
import { packageSchema } from "../../provider/adapters/plugin/schema/package-schema";
import { RESOURCE_KINDS } from "../../provider/claims/claim-key";
import { deviceInputs } from "../../provider/plan/inputs/device-inputs";
import type { getPciDevices } from "../../provider/plan/inventory/get-pci-devices";
import { KINDS } from "../../provider/plan/kinds/kinds";
import { pciPassthrough } from "../../provider/plan/kinds/pci-passthrough";
import { deviceOutputs } from "../../provider/plan/status";
import type * as sdk from "../../sdk";

/** With every member there, and `null` in those that may be left out; arrays read-only. */
type Known<T> = T extends readonly (infer Element)[]
  ? readonly Known<Element>[]
  : T extends object
    ? { [K in keyof T]-?: Known<Exclude<T[K], undefined>> | (object extends Pick<T, K> ? null : never) }
    : T;
type Same<A, B> = [Known<A>, Known<B>] extends [Known<B>, Known<A>] ? true : false;
type SameInputs<Args, Inputs> = Same<pulumi.Unwrap<Args>, z.input<Inputs>>;

test("the classes take the inputs that are declared (held by the compiler)", () => {
  const same: {
    AssignableDevice: SameInputs<sdk.AssignableDeviceArgs, (typeof KINDS)["AssignableDevice"]["inputs"]>;
    HiddenPciDevice: SameInputs<sdk.HiddenPciDeviceArgs, (typeof KINDS)["HiddenPciDevice"]["inputs"]>;
    VmPciAttachment: SameInputs<sdk.VmPciAttachmentArgs, (typeof KINDS)["VmPciAttachment"]["inputs"]>;
    SriovVirtualFunctions: SameInputs<sdk.SriovVirtualFunctionsArgs, (typeof KINDS)["SriovVirtualFunctions"]["inputs"]>;
    IommuBootParameters: SameInputs<sdk.IommuBootParametersArgs, (typeof KINDS)["IommuBootParameters"]["inputs"]>;
    HostReboot: SameInputs<sdk.HostRebootArgs, (typeof KINDS)["HostReboot"]["inputs"]>;
    PciPassthrough: SameInputs<sdk.PciPassthroughArgs, (typeof pciPassthrough)["inputs"]>;
    getPciDevices: SameInputs<sdk.GetPciDevicesArgs, (typeof getPciDevices)["inputs"]>;
    devices: Same<sdk.PciDeviceInfo[], z.output<(typeof getPciDevices)["outputs"]>["devices"]>;
    FunctionStatus: Same<sdk.FunctionStatus[], z.output<typeof deviceOutputs>["functions"]>;
    Pending: Same<sdk.Pending, z.output<typeof deviceOutputs>["pending"]>;
  } = {
    AssignableDevice: true,
    HiddenPciDevice: true,
    VmPciAttachment: true,
    SriovVirtualFunctions: true,
    IommuBootParameters: true,
    HostReboot: true,
    PciPassthrough: true,
    getPciDevices: true,
    devices: true,
    FunctionStatus: true,
    Pending: true,
  };
  expect(Object.values(same)).not.toContain(false);
});

/** The docstrings of the interfaces and classes of a folder: `HostArgs` and, of its members, `HostArgs.port`. */
function docstringsOf(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const note = (name: string, node: ts.Node) => {
    const docs = ts.getJSDocCommentsAndTags(node).map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? "");
    if (docs.length > 0) found.set(name, docs.join("\n").replace(/\s+/g, " "));
  };
  for (const file of fs.readdirSync(folder)) {
    const source = ts.createSourceFile(
      file,
      fs.readFileSync(path.join(folder, file), "utf8"),
      ts.ScriptTarget.Latest,
      true,
    );
    for (const statement of source.statements) {
      if (!(ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement)) || !statement.name) continue;
      note(statement.name.text, statement);
      for (const member of statement.members)
        if (member.name) note(`${statement.name.text}.${member.name.getText()}`, member);
    }
  }
  return found;
}

/** The descriptions of an object's members, by the names that they have in the docstrings. */
function members(name: string, shape: Readonly<Record<string, { readonly description?: string | undefined }>>) {
  return Object.entries(shape).map(([member, { description }]) => [`${name}.${member}`, description] as const);
}

test("the docstrings of classes and types are the descriptions of the declarations", () => {
  const root = path.join(__dirname, "../..");
  const docstrings = new Map(
    ["sdk", "provider/plan/inventory"].flatMap((folder) => [...docstringsOf(path.join(root, folder))]),
  );
  const { types } = packageSchema("0.1.0");
  const objects = Object.entries(types).flatMap(([token, type]) => {
    const name = token.replace(/^.*:/, "");
    const declared = name === "Host" ? "HostArgs" : name;
    return "properties" in type ? [[declared, type.description] as const, ...members(declared, type.properties)] : [];
  });
  const resources = RESOURCE_KINDS.flatMap((kind) => {
    const { description, inputs, outputs } = KINDS[kind];
    return [[kind, description] as const, ...members(`${kind}Args`, inputs.shape), ...members(kind, outputs.shape)];
  });
  const declared = new Map([
    ...objects,
    ...resources,
    ["PciPassthrough", pciPassthrough.description] as const,
    ...members("PciPassthroughArgs", pciPassthrough.inputs.shape),
    ...members("DeviceArgs", deviceInputs),
    ...members("PciResource", deviceOutputs.shape),
  ]);
  const both = [...declared.keys()].filter((name) => docstrings.has(name));
  expect(Object.fromEntries(both.map((name) => [name, docstrings.get(name)]))).toEqual(
    Object.fromEntries(both.map((name) => [name, declared.get(name)])),
  );
  expect(both.length).toBeGreaterThan(95);
});
