import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";

const ROOT = path.dirname(path.dirname(__dirname));
const RUNNER = "/srv/program/node_modules/@pulumi/pulumi/cmd/run/index.js";

/** What is said of a program that the module `main` runs in a folder, by Node: Jest finds modules in its own way. */
function said(main: string, folder: string): string {
  const installed = JSON.stringify(path.join(ROOT, "dist/sdk/installed.js"));
  const call = `require(${installed}).requireInstalled(${JSON.stringify(main)}, ${JSON.stringify(folder)})`;
  const script = `try { ${call}; console.log("found") } catch (e) { console.log(e.constructor.name + ": " + e.message) }`;
  return execFileSync(process.execPath, ["-e", script], { encoding: "utf8" }).trim();
}

test("a program whose library has the package, and not the program itself, is told so without a trace", () => {
  expect(said(RUNNER, tmpdir())).toBe(
    `RunError: Unable to find pulumi-pci-passthrough/provider from ${tmpdir()}, where the engine looks for it. ` +
      "Add pulumi-pci-passthrough to the dependencies in the package.json of the program itself",
  );
});

test("it is found in a folder above the program", () => {
  expect(said(RUNNER, path.join(ROOT, "examples/quickstart"))).toBe("found");
});

test("where the engine does not run the program, its folder is not known, and nothing is said", () => {
  expect(said("/srv/program/deploy.js", tmpdir())).toBe("found");
});
