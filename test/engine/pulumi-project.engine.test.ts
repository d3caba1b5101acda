import fs from "node:fs";
import path from "node:path";
import { PulumiProject } from "./pulumi-project";

jest.setTimeout(120_000);

/** A provider that keeps each resource as a file in the folder NOTES, so that a test sees what it did. */
const PROVIDER = `
const fs = require("node:fs");
const path = require("node:path");
const file = (id) => path.join(process.env.NOTES, id);
exports.note = {
  check: async (olds, news) =>
    news.text === "refused" ? { failures: [{ property: "text", reason: "this note is refused" }] } : { inputs: news },
  diff: async (id, olds, news) => ({ changes: olds.text !== news.text }),
  create: async ({ text }) => (fs.writeFileSync(file("note"), text), { id: "note", outs: { text } }),
  update: async (id, olds, { text }) => (fs.writeFileSync(file(id), text), { outs: { text } }),
  read: async (id) => (fs.existsSync(file(id)) ? { id, props: { text: fs.readFileSync(file(id), "utf8") } } : {}),
  delete: async (id) => fs.rmSync(file(id)),
};
`;

const program = (text: string): string => `
const pulumi = require("@pulumi/pulumi");
class Note extends pulumi.CustomResource {
  constructor(name, args) {
    super("pulumi-nodejs:dynamic/test:Note", name, {
      __provider: 'exports.handler = () => require("./provider.js").note;',
      ...args,
    });
  }
}
new Note("a", { text: ${JSON.stringify(text)} });
`;

describe("the real engine on a project", () => {
  let project: PulumiProject;
  let note: string;

  beforeEach(async () => {
    project = await PulumiProject.create({ kind: "text", text: program("hello") });
    fs.writeFileSync(path.join(project.directory, "provider.js"), PROVIDER);
    note = path.join(project.directory, "note");
  });
  afterEach(() => project.dispose());

  const notes = (): { env: Record<string, string> } => ({ env: { NOTES: project.directory } });

  test("creates, finds nothing to do, updates, notices drift and destroys", async () => {
    expect(await project.up(notes())).toEqual({ exitCode: 0, output: expect.stringContaining("+ 2 created") });
    expect(fs.readFileSync(note, "utf8")).toBe("hello");
    expect((await project.stackExport()).resources).toContainEqual(
      expect.objectContaining({
        type: "pulumi-nodejs:dynamic/test:Note",
        id: "note",
        outputs: expect.objectContaining({ text: "hello" }),
      }),
    );

    const unchanged = await project.preview({ ...notes(), args: ["--expect-no-changes"] });
    expect(unchanged).toEqual({ exitCode: 0, output: expect.stringContaining("2 unchanged") });

    project.setProgram(program("goodbye"));
    const refused = await project.preview({ ...notes(), args: ["--expect-no-changes"] });
    expect(refused.exitCode).not.toBe(0);
    expect(await project.up(notes())).toEqual({ exitCode: 0, output: expect.stringContaining("~ 1 updated") });
    expect(fs.readFileSync(note, "utf8")).toBe("goodbye");

    fs.rmSync(note);
    expect(await project.refresh(notes())).toEqual({ exitCode: 0, output: expect.stringContaining("- 1 deleted") });
    await project.up(notes());

    expect(await project.destroy(notes())).toEqual({ exitCode: 0, output: expect.stringContaining("- 2 deleted") });
    expect(fs.existsSync(note)).toBe(false);
    expect((await project.stackExport()).resources).toEqual([]);
  });

  test("ends with another exit code, and without touching anything, when check refuses", async () => {
    project.setProgram(program("refused"));
    const { exitCode, output } = await project.up(notes());
    expect(exitCode).toBe(1);
    expect(output).toContain("this note is refused");
    expect(fs.existsSync(note)).toBe(false);
  });

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
    const ours = path.resolve(__dirname, "../../package.json");
    expect(where).toMatchObject({ inputs: { byProgram: ours }, outputs: { byProvider: ours } });
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
