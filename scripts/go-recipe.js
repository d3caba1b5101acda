// @ts-check
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("./command.js");

/**
 * A program that is built from a Go module of the checkout.
 *
 * @typedef {object} GoModule
 * @property {string} folder Where go.mod is, from the root of the checkout.
 * @property {string} package What `go build` is told to build.
 * @property {readonly string[]} flags
 * @property {readonly string[]} files What the result depends on beside these fields, from the folder.
 */

/**
 * Builds programs from Go modules: for machines that reach a Go proxy but not where Pulumi's releases are.
 *
 * @param {string} root the checkout
 * @param {object} what
 * @param {string} what.name Begins the key of the recipe.
 * @param {readonly GoModule[]} what.modules
 * @param {readonly string[]} what.programs
 * @param {(folder: string) => Promise<void>} [what.finish] Adds what is not built.
 * @param {(folder: string) => Promise<boolean>} what.works
 * @returns {import("./engine-cache.js").Recipe}
 */
function goRecipe(root, { name, modules, programs, finish = async () => {}, works }) {
  return {
    key: `${name}-${process.platform}-${process.arch}-${digestModules(root, modules).slice(0, 12)}`,
    programs,
    async build(folder, say) {
      for (const module of modules) {
        say(`Building ${programName(module)} from Go modules …`);
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
      await finish(folder);
    },
    works,
  };
}

/** @param {GoModule} module */
function programName({ folder, package: name }) {
  return path.posix.basename(name === "." ? folder : name);
}

/**
 * @param {string} root
 * @param {readonly GoModule[]} modules
 */
function digestModules(root, modules) {
  const digest = createHash("sha256");
  for (const module of modules) {
    digest.update(JSON.stringify([module.package, module.flags]));
    for (const file of module.files) digest.update(fs.readFileSync(path.join(root, module.folder, file))).update("\0");
  }
  return digest.digest("hex");
}

module.exports = { goRecipe };
