// @ts-check
const { exampleOf } = require("./examples.js");

/** @typedef {import("../../provider/adapters/plugin/schema/package-schema").PackageSchema} PackageSchema */
/** @typedef {import("../../provider/adapters/plugin/schema/package-schema").ResourceSpec} ResourceSpec */
/** @typedef {import("../../provider/adapters/plugin/schema/object-spec").ObjectSpec} ObjectSpec */
/** @typedef {import("../../provider/adapters/plugin/schema/object-spec").TypeSpec} TypeSpec */
/** @typedef {import("../../provider/adapters/plugin/schema/object-spec").TypeSpecs} TypeSpecs */

const NAMES = `The names are those of TypeScript, YAML and the schema. In Python they are written \`as_here\`, in Go \`AsHere\`.`;

const ERRORS = `## Errors

A preview refuses what the host cannot do and what a [guard](../guards.md) forbids. Each message says what was to be done, to which
device, on which host, why not, and what to do now: [Troubleshooting](../troubleshooting.md).`;

const CONFIGURATION = `For a whole stack, by \`pulumi config set --path pci-passthrough:hosts.xen1.address xen1.example.com\`, with \`--secret\` for what is
secret; or for some resources, as the arguments of a \`Provider\`.

The dynamic provider of the npm package takes hosts as objects alone, and has no configuration.`;

/**
 * The API pages, by file name, made from the package schema.
 *
 * @param {PackageSchema} schema
 * @returns {ReadonlyMap<string, string>}
 */
function apiPages({ resources, functions, types, provider }) {
  const objects = Object.entries(types).flatMap(([token, type]) => ("properties" in type ? [{ token, type }] : []));
  const table = (/** @type {ObjectSpec["properties"]} */ properties, /** @type {readonly string[]} */ required) =>
    propertyTable(properties, required, types);
  /** @type {(title: string, ...parts: readonly string[]) => string} */
  const page = (title, ...parts) => `${[`# ${title}`, ...parts].join("\n\n")}\n`;
  const all = [...Object.entries(resources), ...Object.entries(functions)];
  return new Map([
    [
      "README.md",
      page(
        "API",
        "All resources and functions with their arguments and outputs. These pages are made from the schema of the package.",
        all
          .map(([token, { description }]) => `- [${nameOf(token)}](${fileOf(token)}): ${firstSentence(description)}`)
          .join("\n"),
        `[The provider's configuration](provider.md), [types](types.md).`,
        NAMES,
      ),
    ],
    ...Object.entries(resources).map(([token, resource]) => {
      const { description, inputProperties, requiredInputs } = resource;
      const inputs = table(inputProperties, requiredInputs);
      const outputs = table(outputsOf(resource), []);
      const example = exampleOf(nameOf(token));
      const parts = [description, "## Example", example, "## Arguments", inputs, "## Outputs", outputs, ERRORS];
      return /** @type {const} */ ([fileOf(token), page(nameOf(token), ...parts)]);
    }),
    ...Object.entries(functions).map(([token, { description, inputs, outputs }]) => {
      const given = table(inputs.properties, inputs.required);
      const result = table(outputs.properties, []);
      const parts = [description, "## Example", exampleOf(nameOf(token)), "## Arguments", given, "## Result", result];
      return /** @type {const} */ ([fileOf(token), page(nameOf(token), ...parts)]);
    }),
    ["provider.md", page("Provider", provider.description, CONFIGURATION, table(provider.inputProperties, []))],
    [
      "types.md",
      page(
        "Types",
        "What arguments and outputs consist of.",
        ...objects.flatMap(({ token, type: { description = "", properties, required } }) => [
          `## ${nameOf(token)}`,
          description,
          table(properties, required),
        ]),
      ),
    ],
  ]);
}

/**
 * Outputs that are not simply the arguments.
 *
 * @param {ResourceSpec} resource
 */
function outputsOf({ properties, inputProperties }) {
  return Object.fromEntries(
    Object.entries(properties).filter(
      ([name, { description }]) => !(name in inputProperties) || inputProperties[name]?.description !== description,
    ),
  );
}

/**
 * @param {ObjectSpec["properties"]} properties
 * @param {readonly string[]} required
 * @param {TypeSpecs} types
 */
function propertyTable(properties, required, types) {
  const rows = Object.entries(properties).map(([name, property]) => {
    const note = property.willReplaceOnChanges ? " Another value replaces the resource." : "";
    const description = `${property.description ?? ""}${note}`.replaceAll("|", "\\|");
    const must = required.includes(name) ? " (required)" : "";
    return `| \`${name}\`${must} | ${typeText(property, types)} | ${description} |`;
  });
  return ["| name | type | meaning |", "|---|---|---|", ...rows].join("\n");
}

/**
 * @param {TypeSpec} type
 * @param {TypeSpecs} types
 * @returns {string}
 */
function typeText({ type, $ref, items, additionalProperties, oneOf }, types) {
  if (oneOf) return oneOf.map((part) => typeText(part, types)).join(" or ");
  if (items) return `list of ${typeText(items, types)}`;
  if (additionalProperties) return `map of ${typeText(additionalProperties, types)}`;
  if ($ref === undefined) return type ?? "";
  const token = $ref.replace("#/types/", "");
  const named = types[token];
  if (named && "enum" in named) return named.enum.map(({ value }) => `\`${value}\``).join(", ");
  return `[${nameOf(token)}](types.md#${nameOf(token).toLowerCase()})`;
}

/** @param {string} token */
function nameOf(token) {
  return token.replace(/^.*:/, "");
}

/** @param {string} token */
function fileOf(token) {
  const words = nameOf(token).replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`);
  return `${words.toLowerCase()}.md`;
}

/** @param {string} text */
function firstSentence(text) {
  return `${text.split(/\.\s/)[0]?.replace(/\.$/, "")}.`;
}

module.exports = { apiPages };
