import fs from "node:fs";
import path from "node:path";
import { PulumiProject } from "./pulumi-project";

jest.setTimeout(600_000);

test("a project in YAML", async () => {
  const text = "name: engine-test\nruntime: yaml\noutputs:\n  said: hello\n";
  const project = await PulumiProject.create({ kind: "yaml", text });
  try {
    await project.up();
    expect(await project.outputs()).toEqual({ said: "hello" });
    project.setProgram(text.replace("hello", "goodbye"), "yaml");
    await project.up();
    expect(await project.outputs()).toEqual({ said: "goodbye" });
  } finally {
    await project.dispose();
  }
});

describe("the real engine on a project", () => {
  let project: PulumiProject;

  beforeEach(async () => {
    project = await PulumiProject.create({ kind: "text", text: "" });
  });
  afterEach(() => project.dispose());

  test("the program and the provider find the package by its name, in this checkout", async () => {
    project.setProgram(`
      const pulumi = require("@pulumi/pulumi");
      const where = 'require.resolve("pulumi-pci-passthrough/package.json")';
      new pulumi.CustomResource("pulumi-nodejs:dynamic/test:Where", "a", {
        __provider:
          "exports.handler = () => ({ create: async () => ({ id: 'a', outs: { byProvider: " + where + " } }) });",
        byProgram: eval(where),
      });
    `);
    await project.up();
    const where = (await project.stackExport()).resources.find(({ id }) => id === "a");
    const manifest = path.resolve(__dirname, "../../package.json");
    expect(where).toMatchObject({ inputs: { byProgram: manifest }, outputs: { byProvider: manifest } });
  });

  test("keeps the environment of the person who runs the tests out of the program", async () => {
    project.setProgram(`console.log("HOME", process.env.HOME, "agent", process.env.SSH_AUTH_SOCK);`);
    const environment = jest.replaceProperty(process, "env", { ...process.env, SSH_AUTH_SOCK: "/tmp/agent" });
    const { output } = await project.preview().finally(() => environment.restore());
    expect(output).toContain(`HOME ${path.join(path.dirname(project.directory), "home")} agent undefined`);
  });

  test("leaves no folder behind", async () => {
    const { directory } = project;
    await project.dispose();
    expect(fs.existsSync(path.dirname(directory))).toBe(false);
  });
});
