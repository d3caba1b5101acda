// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("./command.js");
const { goRecipe } = require("./go-recipe.js");
const { EXE } = require("./pulumi-recipe.js");
const { packagesOfPyPI } = require("./python-packages.js");

const STRIPPED = ["-ldflags", "-s -w"];
/** Pulumi's package of the version of the engine that we build, and what generated SDKs need beside it. */
const PYTHON_PACKAGES = ["pulumi==3.259.0", "parver>=0.2.1"];

/**
 * The program that runs Pulumi programs in YAML.
 *
 * @param {string} root the checkout
 */
function yamlHost(root) {
  return languageHost(root, "yaml", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml");
}

/**
 * The program that runs Pulumi programs in Python. Like that of Node.js the last one inside of sdk/v3.
 *
 * @param {string} root the checkout
 */
function pythonHost(root) {
  return languageHost(root, "python", "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python", {
    more: "pulumi-language-python-exec",
    from: "python/cmd",
  });
}

/**
 * The program that runs Pulumi programs in Go: v3.66.0 is the last sdk/v3 with it.
 *
 * @param {string} root the checkout
 */
function goHost(root) {
  return languageHost(root, "go", "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go");
}

/**
 * What writes SDKs from a package schema: `pulumi package gen-sdk` needs language hosts that cannot be built from Go modules.
 *
 * @param {string} root the checkout
 */
function sdkGenerator(root) {
  const folder = "test/engine/sdk-generator";
  return goRecipe(root, {
    name: "sdk-generator",
    // The tags of the engine: what it has compiled is not compiled again.
    modules: [
      {
        folder,
        package: ".",
        flags: ["-tags", "osusergo,grpcnotrace", ...STRIPPED],
        files: ["go.mod", "go.sum", "main.go", "program.go"],
      },
    ],
    programs: [`sdk-generator${EXE}`],
    works: async () => true,
  });
}

/**
 * What writes SDKs for Java and .NET.
 *
 * @param {string} root the checkout
 */
function javaDotnetGenerator(root) {
  const name = "sdk-generator-java-dotnet";
  return goRecipe(root, {
    name,
    modules: [{ folder: `test/engine/${name}`, package: ".", flags: STRIPPED, files: ["go.mod", "go.sum", "main.go"] }],
    programs: [`${name}${EXE}`],
    works: async () => true,
  });
}

/** What generated SDKs of Python need. */
function pythonPackages() {
  return packagesOfPyPI(PYTHON_PACKAGES, ["pulumi", "parver"]);
}

/**
 * @param {string} root the checkout
 * @param {string} language
 * @param {string} name the Go package
 * @param {{ more: string, from: string }} [script] a file of the same Go module that belongs beside the program
 */
function languageHost(root, language, name, script) {
  const folder = `test/engine/language-${language}`;
  const files = ["go.mod", "go.sum", "tools.go"].filter((file) => fs.existsSync(path.join(root, folder, file)));
  return goRecipe(root, {
    name: `language-${language}`,
    modules: [{ folder, package: name, flags: STRIPPED, files }],
    programs: [`pulumi-language-${language}${EXE}`, ...(script ? [script.more] : [])],
    async finish(bin) {
      if (!script) return;
      const module = ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"];
      const sources = (await runCommand("go", module, { cwd: path.join(root, folder) })).trim();
      fs.copyFileSync(path.join(sources, script.from, script.more), path.join(bin, script.more));
    },
    works: async () => true,
  });
}

module.exports = { goHost, javaDotnetGenerator, pythonHost, pythonPackages, sdkGenerator, yamlHost };
