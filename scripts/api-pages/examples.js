// @ts-check
/** @typedef {string | number | boolean | readonly string[]} Value */

/**
 * A resource of an example program. Strings that begin with `$` are outputs of an earlier one: `$assignable.device`.
 *
 * @typedef {object} ExampleResource
 * @property {string} name
 * @property {string} kind
 * @property {Readonly<Record<string, Value>>} inputs Beside `host`.
 */

/** @type {Readonly<Record<string, readonly ExampleResource[]>>} */
const EXAMPLES = {
  AssignableDevice: [{ name: "assignable", kind: "AssignableDevice", inputs: { device: "0000:01:00.0" } }],
  HiddenPciDevice: [{ name: "hidden", kind: "HiddenPciDevice", inputs: { device: "0000:01:00.0" } }],
  VmPciAttachment: [
    { name: "assignable", kind: "AssignableDevice", inputs: { device: "0000:01:00.0" } },
    { name: "attachment", kind: "VmPciAttachment", inputs: { device: "$assignable.device", vm: "web1" } },
  ],
  SriovVirtualFunctions: [
    { name: "functions", kind: "SriovVirtualFunctions", inputs: { device: "0000:03:00.0", count: 4 } },
  ],
  IommuBootParameters: [{ name: "iommu", kind: "IommuBootParameters", inputs: {} }],
  HostReboot: [
    { name: "hidden", kind: "HiddenPciDevice", inputs: { device: "0000:01:00.0" } },
    { name: "reboot", kind: "HostReboot", inputs: { triggers: ["$hidden.bootChange"], allowRunningVms: true } },
  ],
  PciPassthrough: [
    { name: "nic", kind: "PciPassthrough", inputs: { device: "0000:01:00.0", vm: "web1", hide: false } },
  ],
};

/** @type {Readonly<Record<string, Readonly<Record<string, string>>>>} */
const FUNCTION_EXAMPLES = {
  getPciDevices: {
    ts: `import * as pci from "pulumi-pci-passthrough";

const host = { address: "xen1.example.com" };
export const cards = pci.getPciDevices({ host, filter: { class: "0300" } });`,
    python: `import pulumi
import pulumi_pci_passthrough as pci

host = pci.Host(address="xen1.example.com")
cards = pci.get_pci_devices(host=host, filter=pci.PciDeviceFilter(class_="0300"))
pulumi.export("cards", [card.address for card in cards.devices])`,
    go: `class := "0300"
cards, err := pcipassthrough.GetPciDevices(ctx, &pcipassthrough.GetPciDevicesArgs{
	Host:   pcipassthrough.Host{Address: "xen1.example.com"},
	Filter: &pcipassthrough.PciDeviceFilter{Class: &class},
})
if err != nil {
	return err
}
ctx.Export("first", pulumi.String(cards.Devices[0].Address))`,
    yaml: `variables:
  cards:
    fn::invoke:
      function: pci-passthrough:getPciDevices
      arguments:
        host:
          address: xen1.example.com
        filter:
          class: "0300"
outputs:
  first: \${cards.devices[0].address}`,
  },
};

const ADDRESS = "xen1.example.com";

/** @type {readonly { readonly title: string, readonly fence: string, readonly print: (resources: readonly ExampleResource[]) => string }[]} */
const LANGUAGES = [
  { title: "TypeScript", fence: "ts", print: typescript },
  { title: "Python", fence: "python", print: python },
  { title: "Go", fence: "go", print: go },
  { title: "YAML", fence: "yaml", print: yaml },
];

/** @param {readonly ExampleResource[]} resources */
function typescript(resources) {
  return [
    'import * as pci from "pulumi-pci-passthrough";',
    "",
    `const host = { address: "${ADDRESS}" };`,
    ...resources.map(({ name, kind, inputs }) => {
      const given = Object.entries(inputs).map(([input, value]) => `, ${input}: ${literal(value)}`);
      return `const ${name} = new pci.${kind}("${name}", { host${given.join("")} });`;
    }),
  ].join("\n");
}

/** @param {readonly ExampleResource[]} resources */
function python(resources) {
  return [
    "import pulumi_pci_passthrough as pci",
    "",
    `host = pci.HostArgs(address="${ADDRESS}")`,
    ...resources.map(({ name, kind, inputs }) => {
      const given = Object.entries(inputs).map(([input, value]) => `, ${snakeCase(input)}=${pythonValue(value)}`);
      return `${name} = pci.${kind}("${name}", host=host${given.join("")})`;
    }),
  ].join("\n");
}

/** @param {readonly ExampleResource[]} resources */
function go(resources) {
  const inputs = JSON.stringify(resources.map((resource) => resource.inputs));
  return [
    `host := &pcipassthrough.HostArgs{Address: pulumi.String("${ADDRESS}")}`,
    ...resources.flatMap(({ name, kind, inputs: given }, index) => {
      const isUsed = inputs.includes(`$${name}.`);
      const assigned = `${isUsed ? name : "_"}, err ${isUsed || index === 0 ? ":=" : "="}`;
      const fields = [
        ["Host", "host"],
        ...Object.entries(given).map(([input, value]) => [pascalCase(input), goValue(value)]),
      ];
      const width = Math.max(...fields.map(([field = ""]) => field.length)) + 2;
      return [
        `${assigned} pcipassthrough.New${kind}(ctx, "${name}", &pcipassthrough.${kind}Args{`,
        ...fields.map(([field, value]) => `\t${`${field}:`.padEnd(width)}${value},`),
        "})",
        "if err != nil {",
        "\treturn err",
        "}",
      ];
    }),
  ].join("\n");
}

/** @param {readonly ExampleResource[]} resources */
function yaml(resources) {
  return [
    "resources:",
    ...resources.flatMap(({ name, kind, inputs }) => [
      `  ${name}:`,
      `    type: pci-passthrough:${kind}`,
      "    properties:",
      "      host:",
      `        address: ${ADDRESS}`,
      ...Object.entries(inputs).map(([input, value]) => `      ${input}: ${yamlValue(value)}`),
    ]),
  ].join("\n");
}

/**
 * @param {Value} value
 * @returns {string}
 */
function literal(value) {
  if (typeof value === "object") return `[${value.map(literal).join(", ")}]`;
  return outputOf(value) ?? JSON.stringify(value);
}

/**
 * @param {Value} value
 * @returns {string}
 */
function pythonValue(value) {
  if (typeof value === "boolean") return value ? "True" : "False";
  return snakeCase(literal(value));
}

/**
 * @param {Value} value
 * @returns {string}
 */
function goValue(value) {
  if (typeof value === "object") return `pulumi.StringArray{${value.map(goValue).join(", ")}}`;
  const output = outputOf(value);
  if (output !== undefined) return output.replace(/\.(.)/, (_, first) => `.${first.toUpperCase()}`);
  const type = typeof value === "string" ? "String" : typeof value === "number" ? "Int" : "Bool";
  return `pulumi.${type}(${JSON.stringify(value)})`;
}

/**
 * @param {Value} value
 * @returns {string}
 */
function yamlValue(value) {
  // Quoted: a brace in a list in brackets would begin a map.
  if (typeof value === "object") return `[${value.map((part) => `"${yamlValue(part)}"`).join(", ")}]`;
  const output = outputOf(value);
  if (output !== undefined) return `\${${output}}`;
  return typeof value === "string" && value.includes(":") ? JSON.stringify(value) : String(value);
}

/** @param {Value} value */
function outputOf(value) {
  return typeof value === "string" && value.startsWith("$") ? value.slice(1) : undefined;
}

/** @param {string} name */
function snakeCase(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** @param {string} name */
function pascalCase(name) {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * An example of a resource or function in each language, as Markdown.
 *
 * @param {string} name
 */
function exampleOf(name) {
  const resources = EXAMPLES[name];
  return LANGUAGES.map(({ title, fence, print }) => {
    const text = resources ? print(resources) : FUNCTION_EXAMPLES[name]?.[fence];
    if (text === undefined) throw new Error(`no example for ${name}: add one to scripts/api-pages/examples.js`);
    return `**${title}**\n\n\`\`\`${fence}\n${text}\n\`\`\``;
  }).join("\n\n");
}

module.exports = { exampleOf };
