import { readdirSync } from "node:fs";
import path from "node:path";
import { EXAMPLES } from "../../scripts/examples.js";
import { codeSpans, tableRows } from "../markdown";
import { exists, readPage } from "./pages";

const ROOT = path.dirname(path.dirname(__dirname));
const FOLDERS = readdirSync(path.join(ROOT, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && exists(`examples/${entry.name}/README.md`))
  .map(({ name }) => name);

/** What a program reads of its stack's configuration, or of its environment. */
function settingsRead(example: string): readonly string[] {
  const file = `examples/${example}/index`;
  const program = exists(`${file}.ts`) ? readPage(`${file}.ts`) : readPage(`${file}.js`);
  const [, fromEnvironment = ""] = /const \{(.*)\} = process\.env/.exec(program) ?? [];
  return [
    ...[...program.matchAll(/config\.(?:require|get)\w*(?:<.*?>)?\("(\w+)"\)/g)].map(([, name = ""]) => name),
    ...[...fromEnvironment.matchAll(/(\w+) =/g)].map(([, name = ""]) => name),
  ].sort();
}

test("the index lists every example", () => {
  const listed = tableRows(readPage("examples/README.md")).map(([name = ""]) => /\[(.*?)\]/.exec(name)?.[1]);
  expect([...listed].sort()).toEqual([...FOLDERS].sort());
});

describe.each(FOLDERS)("%s", (example) => {
  const readme = readPage(`examples/${example}/README.md`);

  test("its README says what each setting means, in a few lines, and how to run it on simulated hosts", () => {
    const explained = tableRows(readme).flatMap(([name = ""]) => codeSpans(name));
    expect([...explained].sort()).toEqual(settingsRead(example));
    expect(readme.split("\n").length).toBeLessThanOrEqual(16);
    expect(readme).toContain(`npm run demo -- ${example}`);
  });

  test("its Pulumi.yaml declares what it reads of the configuration", () => {
    const yaml = readPage(`examples/${example}/Pulumi.yaml`);
    expect(yaml).toMatch(new RegExp(`^name: pci-passthrough-${example}$`, "m"));
    const declared = [...yaml.matchAll(/^ {2}(\w+):$/gm)].map(([, name = ""]) => name).sort();
    expect(declared).toEqual(settingsRead(example).filter((name) => /^[a-z]/.test(name)));
  });

  test("npm run demo sets what it reads", () => {
    const known = EXAMPLES.find(({ name }) => name === example);
    const login = { address: "xen1" };
    expect(Object.keys(known?.config([login, login]) ?? {}).sort()).toEqual(settingsRead(example));
  });
});
