import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { PulumiProject } from "../engine/pulumi-project";
import { type ProgramChange, XL_CHANGES } from "./program-changes";
import { linesByResource } from "./shown-lines";
import { output, snapshot } from "./test-host";

jest.setTimeout(600_000);

/** The stack's own lines sum a run up: what a resource does stands under the resource. */
const STACK = "engine-test-dev";

/** What a run says of each resource, in an order of its own: a replacement is two messages in up. */
function effects(shown: string, address: string): readonly string[] {
  return [...linesByResource(shown)]
    .filter(([name]) => name !== STACK)
    .flatMap(([name, lines]) => lines.map((line) => `${name}: ${line.replace(`${address}: `, "")}`))
    .sort();
}

describe("up does what preview said", () => {
  let host: SimulatedHost;
  let project: PulumiProject;
  beforeAll(async () => {
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
    project = await PulumiProject.create({ kind: "text", text: "" });
  });
  afterAll(async () => {
    await project?.dispose();
    await host?.stop();
  });

  afterEach(async () => {
    await project.destroy();
    for (const vm of (await output(host, "xl list | sed -n '3,$s/ .*//p'")).split("\n").filter(Boolean))
      await output(host, `xl destroy ${vm}`);
  });

  const setProgram = (text: string) => {
    const { address, port, user, identityFile, hostKey } = host;
    project.setProgram(
      `const pci = require("pulumi-pci-passthrough");\nconst host = ${JSON.stringify({ address, port, user, identityFile, hostKey })};\n${text}`,
    );
  };

  test.each(XL_CHANGES)("$title", async ({ given, before, meanwhile, after, refused }: ProgramChange) => {
    if (given !== undefined) await output(host, given);
    const untouched = await snapshot(host);
    setProgram(before);
    const first = await project.up();
    expect(first).toMatchObject({ exitCode: 0 });
    if (meanwhile !== undefined) await output(host, meanwhile);

    setProgram(after);
    const preview = await project.preview();
    const up = await project.up();
    if (refused) {
      expect(preview.exitCode).not.toBe(0);
      expect(preview.output).toMatch(refused);
      expect(up.output).toMatch(refused);
    } else {
      expect({ ...preview, run: "preview" }).toMatchObject({ exitCode: 0 });
      expect({ ...up, run: "up" }).toMatchObject({ exitCode: 0 });
      expect(effects(up.output, host.address)).toEqual(effects(preview.output, host.address));
      expect(await project.up({ args: ["--expect-no-changes"] })).toMatchObject({ exitCode: 0 });
    }
    const destroy = await project.destroy();
    expect(destroy).toMatchObject({ exitCode: 0 });
    expect(await snapshot(host)).toBe(untouched);
  });
});
