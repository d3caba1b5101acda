import type { Unmanaged } from "../provider/plan/inventory/unmanaged";
import { hostOf, type LoginOptions } from "./login-options";

/** The languages that `import` writes. */
export const PROGRAM_LANGUAGES = ["typescript", "python", "yaml"] as const;
/** One of them. */
export type ProgramLanguage = (typeof PROGRAM_LANGUAGES)[number];

type Print = (host: string, login: LoginOptions, resources: readonly Unmanaged[]) => string;

/**
 * A program with these resources. In TypeScript it uses the classes of the npm package, which adopt what is there;
 * the others use the plugin, with the options by which the engine imports.
 */
export const programText: { readonly [language in ProgramLanguage]: Print } = {
  typescript(host, login, resources) {
    const lines = resources.map(
      ({ kind, name, inputs }) =>
        `new pci.${kind}(${JSON.stringify(name)}, { host, ${fields(inputs, (field) => `${field}: `)} });`,
    );
    return `import * as pci from "pulumi-pci-passthrough";

const host: pci.HostArgs = { ${fields(hostOf(host, login), (field) => `${field}: `)} };

${lines.join("\n")}
`;
  },

  python(host, login, resources) {
    const { address, settings } = named(host, login);
    const lines = resources.map(
      ({ kind, name, inputs }) =>
        `pci.${kind}(
    ${JSON.stringify(name)},
    host=host,
    ${fields(inputs, (field) => `${field}=`)},
    opts=pulumi.ResourceOptions(import_=${JSON.stringify(importId(address, inputs))}),
)`,
    );
    return `${settings}import pulumi
import pulumi_pci_passthrough as pci

host = ${JSON.stringify(address)}

${lines.join("\n")}
`;
  },

  yaml(host, login, resources) {
    const { address, settings } = named(host, login);
    const blocks = resources.map(({ kind, name, inputs }) =>
      [
        `  ${name}:`,
        `    type: pci-passthrough:${kind}`,
        "    properties:",
        ...Object.entries({ host: address, ...inputs }).map(
          ([field, value]) => `      ${field}: ${JSON.stringify(value)}`,
        ),
        "    options:",
        `      import: ${JSON.stringify(importId(address, inputs))}`,
      ].join("\n"),
    );
    return `${settings}name: ${address.replace(/[^A-Za-z0-9_.-]/g, "-")}
runtime: yaml
plugins:
  providers:
    - name: pci-passthrough
      path: node_modules/pulumi-pci-passthrough
resources:
${blocks.join("\n")}
`;
  },
};

/** Texts and numbers are written alike in all three languages. */
function fields(bag: object, before: (field: string) => string): string {
  return Object.entries(bag)
    .flatMap(([field, value]) => (value === undefined ? [] : [`${before(field)}${JSON.stringify(value)}`]))
    .join(", ");
}

/** Programs of the plugin name a host; how to log in to it is in the configuration of the stack. */
function named(host: string, login: LoginOptions): { readonly address: string; readonly settings: string } {
  const { address, ...others } = hostOf(host, login);
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  if (given.length === 0) return { address, settings: "" };
  const commands = Object.entries({ address, ...Object.fromEntries(given) }).map(
    ([field, value]) => `# pulumi config set --path 'pci-passthrough:hosts["${address}"].${field}' ${value}`,
  );
  return { address, settings: `# How to log in:\n${commands.join("\n")}\n` };
}

function importId(address: string, { device, vm }: Unmanaged["inputs"]): string {
  return [address, device, vm].filter((part) => part !== undefined).join("/");
}
