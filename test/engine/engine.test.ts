import path from "node:path";
import { findEngine, findOrMakeEngine, type Surroundings } from "../../scripts/engine.js";
import { temporaryFolders, writeFiles } from "./temporary-folder";

const temporaryFolder = temporaryFolders();

const answering = (version: string): string => `#!/bin/sh\necho ${version}\n`;

/** A machine without any engine, whose files are given by their path from one folder. */
function machine(files: Readonly<Record<string, string>>): Surroundings & { readonly root: string } {
  const root = temporaryFolder();
  writeFiles(root, files);
  return {
    root,
    path: [path.join(root, "usr/bin"), path.join(root, "opt/bin")].join(path.delimiter),
    pulumiHome: path.join(root, "home"),
    cache: path.join(root, "cache"),
    recipe: {
      key: "v3.1.0-stub",
      programs: ["pulumi"],
      build: async (folder) => writeFiles(folder, { pulumi: answering("v3.1.0") }),
      works: async () => true,
    },
  };
}

const HOST = "#!/bin/sh\n";

test.each<[string, Record<string, string>, string, string]>([
  [
    "on PATH, its language host beside it",
    { "opt/bin/pulumi": answering("v3.9.0"), "opt/bin/pulumi-language-nodejs": HOST },
    "path",
    "opt/bin",
  ],
  [
    "on PATH, its language host elsewhere on PATH",
    { "usr/bin/pulumi": answering("v3.9.0"), "opt/bin/pulumi-language-nodejs": HOST },
    "path",
    "usr/bin",
  ],
  [
    "on PATH before an installed one",
    {
      "opt/bin/pulumi": answering("v3.9.0"),
      "opt/bin/pulumi-language-nodejs": HOST,
      "home/bin/pulumi": answering("v3.10.0"),
      "home/bin/pulumi-language-nodejs": HOST,
    },
    "path",
    "opt/bin",
  ],
  [
    "installed by get.pulumi.com, PATH not yet changed",
    { "home/bin/pulumi": answering("v3.10.0"), "home/bin/pulumi-language-nodejs": HOST },
    "installed",
    "home/bin",
  ],
  [
    "installed by npx, the newest",
    {
      "home/versions/3.9.0/bin/pulumi": answering("v3.9.0"),
      "home/versions/3.9.0/bin/pulumi-language-nodejs": HOST,
      "home/versions/3.10.0/bin/pulumi": answering("v3.10.0"),
      "home/versions/3.10.0/bin/pulumi-language-nodejs": HOST,
    },
    "installed",
    "home/versions/3.10.0/bin",
  ],
  [
    "installed, when the one on PATH is broken",
    {
      "usr/bin/pulumi": "#!/bin/sh\nexit 1\n",
      "usr/bin/pulumi-language-nodejs": HOST,
      "home/bin/pulumi": answering("v3.10.0"),
    },
    "installed",
    "home/bin",
  ],
])("finds the engine %s", async (_, files, kind, bin) => {
  const { root, ...surroundings } = machine(files);
  expect(await findEngine(surroundings)).toMatchObject({ kind, bin: path.join(root, bin) });
});

test.each<[string, Record<string, string>]>([
  ["nothing is there", {}],
  ["the language host is missing", { "usr/bin/pulumi": answering("v3.9.0") }],
  ["it is too old", { "usr/bin/pulumi": answering("v2.25.2"), "usr/bin/pulumi-language-nodejs": HOST }],
  ["pulumi is a folder", { "usr/bin/pulumi/x": "", "usr/bin/pulumi-language-nodejs": HOST }],
])("builds one when %s, and finds that from then on", async (_, files) => {
  const surroundings = machine(files);
  expect(await findEngine(surroundings)).toBeUndefined();
  const say = jest.fn();
  const engine = await findOrMakeEngine(surroundings, say);
  expect(engine).toEqual({
    kind: "built",
    version: "v3.1.0",
    bin: path.join(surroundings.root, "cache/v3.1.0-stub/bin"),
  });
  expect(say).toHaveBeenCalledWith(expect.stringContaining("building one"));

  say.mockClear();
  expect(await findOrMakeEngine(surroundings, say)).toEqual(engine);
  expect(say).not.toHaveBeenCalled();
});
