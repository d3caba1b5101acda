// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("./command.js");
const { goRecipe } = require("./go-recipe.js");

const VERSION = "v3.259.0";
const EXE = process.platform === "win32" ? ".exe" : "";
const PULUMI = `pulumi${EXE}`;
const LANGUAGE_HOST = `pulumi-language-nodejs${EXE}`;
const DYNAMIC_PROVIDER = `pulumi-resource-pulumi-nodejs${EXE && ".cmd"}`;

/**
 * The Go modules that hold the engine. Two, as they need two versions of sdk/v3: the language host became a module of its
 * own in v3.69.0, which has no version tag, and the last one inside sdk/v3 works with today's engine.
 */
const MODULES = [
  {
    folder: "test/engine/cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // As pulumi's .goreleaser.yml has it. Without -X the engine does not know its version.
    flags: [
      "-tags",
      "osusergo,grpcnotrace",
      "-ldflags",
      `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${VERSION}`,
    ],
    files: ["go.mod", "go.sum"],
  },
  {
    folder: "test/engine/language-host",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    flags: ["-ldflags", "-s -w"],
    files: ["go.mod", "go.sum", "tools.go"],
  },
];

/**
 * Builds a Pulumi engine from Go modules: for machines that reach a Go proxy but not where Pulumi's releases are.
 *
 * @param {string} root the checkout, with its dependencies installed
 * @returns {import("./engine-cache.js").Recipe}
 */
function pulumiRecipe(root) {
  return goRecipe(root, {
    name: VERSION,
    modules: MODULES,
    programs: [PULUMI, LANGUAGE_HOST, DYNAMIC_PROVIDER],
    // Starts dynamic providers: a script that finds @pulumi/pulumi from the program's folder.
    finish: async (folder) =>
      fs.copyFileSync(
        path.join(root, "node_modules/@pulumi/pulumi", DYNAMIC_PROVIDER),
        path.join(folder, DYNAMIC_PROVIDER),
      ),
    works: async (folder) => (await pulumiVersion(path.join(folder, PULUMI))) === VERSION,
  });
}

/**
 * What `pulumi version` prints, `v3.259.0`; undefined when the program does not answer.
 *
 * @param {string} pulumi
 * @returns {Promise<string | undefined>}
 */
async function pulumiVersion(pulumi) {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  return runCommand(pulumi, ["version"], { env, timeoutMs: 20_000 }).then(
    (output) => output.trim(),
    () => undefined,
  );
}

module.exports = { EXE, LANGUAGE_HOST, PULUMI, pulumiRecipe, pulumiVersion };
