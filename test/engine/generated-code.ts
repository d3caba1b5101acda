import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { type CompilerOptions, ModuleKind, ScriptTarget, transpile } from "typescript";
import { packageSchema } from "../../provider/adapters/plugin/schema/package-schema";
import { machineSurroundings } from "../../scripts/engine.js";
import { findLanguage, type LanguageTools } from "../../scripts/languages.js";
import { CHECKOUT } from "./project-folder";
import type { PulumiProject } from "./pulumi-project";

type Language = "nodejs" | "python" | "go";

/**
 * Writes the SDK of the plugin into a project, as `pulumi package gen-sdk` does for users. Returns what the environment of
 * its programs needs besides.
 */
export async function generateSdk({ directory }: PulumiProject, language: Language): Promise<Record<string, string>> {
  const sdk = path.join(
    directory,
    language === "nodejs" ? "node_modules/pulumi-pci-passthrough-sdk" : `sdks/${language}`,
  );
  const { env } = await generate(directory, language, sdk);
  switch (language) {
    case "go":
      return {};
    case "nodejs":
      compile(sdk);
      return {};
    case "python": {
      // What `pip install` leaves beside the package, and the package looks for.
      const metadata = path.join(sdk, "pulumi_pci_passthrough-0.1.0.dist-info");
      fs.mkdirSync(metadata);
      fs.writeFileSync(
        path.join(metadata, "METADATA"),
        "Metadata-Version: 2.1\nName: pulumi_pci_passthrough\nVersion: 0.1.0\n",
      );
      return { PYTHONPATH: `${env.PYTHONPATH}${path.delimiter}${sdk}` };
    }
  }
}

/** Makes the code that `pulumi import` prints of what is in the stack the program of a project. */
export async function generateProgram(project: PulumiProject, language: Language): Promise<void> {
  const stack = path.join(project.directory, "stack.json");
  await project.run(["stack", "export", "--file", stack]);
  await generate(project.directory, language, project.directory, stack);
  if (language === "nodejs") compile(project.directory, "index.ts");
}

/** The code generators are those of the engine's version: test/engine/sdk-generator. */
async function generate(
  directory: string,
  language: Language,
  into: string,
  ...more: string[]
): Promise<LanguageTools> {
  const owner = language === "nodejs" ? "go" : language;
  const tools = await findLanguage(owner, machineSurroundings(CHECKOUT), CHECKOUT);
  if (!tools?.sdkGenerator) throw new Error(`run \`node scripts/ready.js ${owner}\` first`);
  const schema = path.join(directory, "schema.json");
  fs.writeFileSync(schema, JSON.stringify(packageSchema("0.1.0")));
  execFileSync(tools.sdkGenerator, [schema, language, into, ...more]);
  return tools;
}

const COMMON_JS: CompilerOptions = { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 };

/** Writes the JavaScript beside TypeScript, without a look at its types. */
function compile(folder: string, ...names: readonly string[]): void {
  const files = names.length > 0 ? names : fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".ts")).map((name) => path.join(folder, name)))
    fs.writeFileSync(file.replace(/ts$/, "js"), transpile(fs.readFileSync(file, "utf8"), COMMON_JS));
}
