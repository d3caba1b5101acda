// @ts-check
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { cacheFolder } = require("./cache-folder.js");
const { CommandError } = require("./command.js");
const { runNpm } = require("./dependencies.js");
const { findCached, findOrBuild } = require("./engine-cache.js");
const { LANGUAGE_HOST, PULUMI, pulumiRecipe, pulumiVersion } = require("./pulumi-recipe.js");

/**
 * A Pulumi engine that answers.
 *
 * @typedef {object} Engine
 * @property {"path" | "installed" | "built"} kind On PATH, under PULUMI_HOME, or built by us.
 * @property {string} bin The folder of `pulumi`; belongs first on the PATH of whoever runs it.
 * @property {string} version As `pulumi version` prints it: `v3.259.0`.
 */

/**
 * Where to look.
 *
 * @typedef {object} Surroundings
 * @property {string} path
 * @property {string} pulumiHome
 * @property {string} cache
 * @property {import("./engine-cache.js").Recipe} recipe
 */

const GET_PULUMI = `no Pulumi engine here, and none could be built. One of these helps:
  - install Pulumi: https://www.pulumi.com/docs/install/ (\`pulumi\` and \`pulumi-language-nodejs\` on PATH)
  - or install Go 1.25.11 or later (https://go.dev/dl/) and run this again`;

/**
 * An engine that is there already: on PATH, else installed under PULUMI_HOME, else built before.
 *
 * @param {Surroundings} surroundings
 * @returns {Promise<Engine | undefined>}
 */
async function findEngine({ path: searchPath, pulumiHome, cache, recipe }) {
  const onPath = searchPath.split(path.delimiter).filter(Boolean);
  const candidates = [
    ...onPath.map((bin) => ({ kind: /** @type {const} */ ("path"), bin })),
    ...installedFolders(pulumiHome).map((bin) => ({ kind: /** @type {const} */ ("installed"), bin })),
  ];
  for (const { kind, bin } of candidates) {
    if (!isFile(path.join(bin, PULUMI)) || ![bin, ...onPath].some((folder) => isFile(path.join(folder, LANGUAGE_HOST))))
      continue;
    const version = await pulumiVersion(path.join(bin, PULUMI));
    if (version?.startsWith("v3.")) return { kind, bin, version };
  }
  const built = await findCached(recipe, cache);
  return built === undefined ? undefined : builtEngine(built);
}

/**
 * Like findEngine, but builds or installs one where there is none. Throws CommandError with what to install.
 *
 * @param {Surroundings} surroundings
 * @param {import("./command.js").Say} say
 * @returns {Promise<Engine>}
 */
async function findOrMakeEngine(surroundings, say) {
  const found = await findEngine(surroundings);
  if (found) return found;
  const failures = [];
  try {
    say("No Pulumi engine on PATH: building one, once (about 10 minutes; not needed where Pulumi is installed)");
    return await builtEngine(await findOrBuild(surroundings.recipe, surroundings.cache, say));
  } catch (error) {
    failures.push(messageOf(error));
  }
  try {
    say("Not built; trying to install one with npx …");
    await runNpm(["exec", "--yes", "--package", "pulumi", "--", "pulumi", "version"], os.tmpdir(), say);
  } catch (error) {
    failures.push(messageOf(error));
  }
  const installed = await findEngine(surroundings);
  if (installed) return installed;
  throw new CommandError([GET_PULUMI, "What was tried:", ...failures].join("\n"));
}

/**
 * Where an engine is looked for on this machine.
 *
 * @param {string} root the checkout
 * @returns {Surroundings}
 */
function machineSurroundings(root) {
  const { PATH = "", PULUMI_HOME } = process.env;
  return {
    path: PATH,
    pulumiHome: PULUMI_HOME || path.join(os.homedir(), ".pulumi"),
    cache: path.join(cacheFolder(), "engine"),
    recipe: pulumiRecipe(root),
  };
}

/**
 * Where Pulumi's own installers put it: bin (get.pulumi.com) and versions/<v>/bin (the npm package pulumi, Automation
 * API), newest first.
 *
 * @param {string} pulumiHome
 */
function installedFolders(pulumiHome) {
  const versions = path.join(pulumiHome, "versions");
  const names = fs.existsSync(versions) ? fs.readdirSync(versions) : [];
  const newestFirst = names.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return [path.join(pulumiHome, "bin"), ...newestFirst.map((version) => path.join(versions, version, "bin"))];
}

/**
 * @param {string} bin
 * @returns {Promise<Engine>}
 */
async function builtEngine(bin) {
  return { kind: "built", bin, version: (await pulumiVersion(path.join(bin, PULUMI))) ?? "unknown" };
}

/** @param {string} file */
function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** @param {unknown} error */
function messageOf(error) {
  return /** @type {Error} */ (error).message;
}

module.exports = { findEngine, findOrMakeEngine, machineSurroundings };
