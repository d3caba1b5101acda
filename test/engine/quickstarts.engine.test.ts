import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { packageSchema } from "../../provider/adapters/plugin/schema/package-schema";
import { machineSurroundings } from "../../scripts/engine.js";
import { findLanguage } from "../../scripts/languages.js";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { driverOf, output } from "../contract/test-host";
import { CHECKOUT } from "./project-folder";
import { PulumiProject } from "./pulumi-project";

let host: SimulatedHost;
let project: PulumiProject | undefined;

beforeAll(async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
});
afterEach(() => project?.dispose());
afterAll(() => host.stop());

/** test/operator/operator.engine.test.ts runs the one in TypeScript. */
test.each(["yaml", "python", "go"])(
  "examples/quickstart-%s is deployed, changes nothing twice, and gives everything back",
  async (language) => {
    const folder = path.join(CHECKOUT, `examples/quickstart-${language}`);
    project = await PulumiProject.create({ kind: "folder", folder });
    const { address, port, user, identityFile, hostKey } = host;
    project.configure({
      host: "xen1",
      device: "0000:01:00.0",
      vm: "web1",
      "pci-passthrough:hosts": { xen1: { address, port, user, identityFile, hostKey } },
    });
    const env = await generateSdk(project, language);
    const untouched = await output(host, "cat /etc/xen/web1.cfg");

    const up = await project.up({ env });
    expect([up.exitCode, up.output]).toEqual([0, expect.stringContaining("+ 3 created")]);
    expect(await driverOf(host, "0000:01:00.0")).toBe("pciback");
    expect(await output(host, "cat /etc/xen/web1.cfg")).toContain("0000:01:00.0");
    const again = await project.up({ env, args: ["--expect-no-changes"] });
    expect([again.exitCode, again.output]).toEqual([0, expect.stringContaining("3 unchanged")]);
    const destroyed = await project.destroy({ env });
    expect(destroyed.output).toContain("- 3 deleted");
    expect(await output(host, "cat /etc/xen/web1.cfg")).toBe(untouched);
  },
  300_000,
);

/** Writes the SDK of a program, where its language has one, as `pulumi package gen-sdk` does for users. */
async function generateSdk({ directory }: PulumiProject, language: string): Promise<Record<string, string>> {
  if (language !== "python" && language !== "go") return {};
  const tools = await findLanguage(language, machineSurroundings(CHECKOUT), CHECKOUT);
  const schema = path.join(directory, "schema.json");
  const sdk = path.join(directory, "sdks", language);
  fs.writeFileSync(schema, JSON.stringify(packageSchema("0.1.0")));
  execFileSync(tools?.sdkGenerator ?? "", [schema, language, sdk]);
  if (language !== "python") return {};
  // What `pip install` leaves beside the package, and the package looks for.
  const metadata = path.join(sdk, "pulumi_pci_passthrough-0.1.0.dist-info");
  fs.mkdirSync(metadata);
  fs.writeFileSync(
    path.join(metadata, "METADATA"),
    "Metadata-Version: 2.1\nName: pulumi_pci_passthrough\nVersion: 0.1.0\n",
  );
  return { PYTHONPATH: `${tools?.env.PYTHONPATH}${path.delimiter}${sdk}` };
}
