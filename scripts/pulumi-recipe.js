// @ts-check
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("./command.js");

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
  return {
    key: `${VERSION}-${process.platform}-${process.arch}-${digestModules(root).slice(0, 12)}`,
    programs: [PULUMI, LANGUAGE_HOST, DYNAMIC_PROVIDER],
    async build(folder, say) {
      for (const module of MODULES) {
        say(`Building ${path.posix.basename(module.package)} from Go modules …`);
        await runCommand(
          "go",
          ["build", "-v", "-trimpath", ...module.flags, "-o", `${folder}${path.sep}`, module.package],
          {
            cwd: path.join(root, module.folder),
            env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
            say,
            counting: "packages fetched or compiled",
          },
        );
      }
      // Starts dynamic providers: a script that finds @pulumi/pulumi from the program's folder.
      fs.copyFileSync(
        path.join(root, "node_modules/@pulumi/pulumi", DYNAMIC_PROVIDER),
        path.join(folder, DYNAMIC_PROVIDER),
      );
    },
    works: async (folder) => (await pulumiVersion(path.join(folder, PULUMI))) === VERSION,
  };
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

/** @param {string} root */
function digestModules(root) {
  const digest = createHash("sha256");
  for (const module of MODULES) {
    digest.update(JSON.stringify([module.package, module.flags]));
    for (const file of module.files) digest.update(fs.readFileSync(path.join(root, module.folder, file))).update("\0");
  }
  return digest.digest("hex");
}

module.exports = { LANGUAGE_HOST, PULUMI, pulumiRecipe, pulumiVersion };
