// @ts-check
const path = require("node:path");
const { runCommand } = require("./command.js");
const { findCached, findOrBuild } = require("./engine-cache.js");
const { goHost, pythonHost, pythonPackages, sdkGenerator, yamlHost } = require("./language-recipes.js");

/** @typedef {"yaml" | "python" | "go"} Language A language of Pulumi programs beside that of Node.js. */

/**
 * What the engine takes to run programs of a language.
 *
 * @typedef {object} LanguageTools
 * @property {string} bin The folder of its language host; belongs on the PATH of the engine.
 * @property {Readonly<Record<string, string>>} env Belongs into the environment of the engine.
 * @property {string | undefined} sdkGenerator The program that writes SDKs from a package schema; YAML needs none.
 */

/**
 * @typedef {(recipe: import("./engine-cache.js").Recipe) => Promise<string | undefined>} Get
 */

/**
 * What a language takes, when all of it is in the cache.
 *
 * @param {Language} language
 * @param {import("./engine.js").Surroundings} surroundings
 * @param {string} root the checkout
 */
function findLanguage(language, { cache }, root) {
  return toolsOf(language, root, (recipe) => findCached(recipe, cache));
}

/**
 * Like findLanguage, but builds what is missing. Throws CommandError.
 *
 * @param {Language} language
 * @param {import("./engine.js").Surroundings} surroundings
 * @param {string} root the checkout
 * @param {import("./command.js").Say} say
 */
function findOrMakeLanguage(language, { cache }, root, say) {
  return toolsOf(language, root, (recipe) => findOrBuild(recipe, cache, say));
}

/**
 * @param {Language} language
 * @param {string} root
 * @param {Get} get
 * @returns {Promise<LanguageTools | undefined>}
 */
async function toolsOf(language, root, get) {
  if (language === "yaml") {
    const bin = await get(yamlHost(root));
    return bin === undefined ? undefined : { bin, env: {}, sdkGenerator: undefined };
  }
  const bin = await get(language === "python" ? pythonHost(root) : goHost(root));
  const generator = await get(sdkGenerator(root));
  if (bin === undefined || generator === undefined) return undefined;
  const env = language === "python" ? await pythonEnvironment(get) : await goEnvironment();
  return env && { bin, env, sdkGenerator: path.join(generator, "sdk-generator") };
}

/** @param {Get} get */
async function pythonEnvironment(get) {
  const packages = await get(pythonPackages());
  return packages === undefined ? undefined : { PYTHONPATH: packages };
}

/** Where Go keeps what it has fetched and compiled, also for engines with a HOME of their own. */
async function goEnvironment() {
  const names = ["GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB"];
  const values = (await runCommand("go", ["env", ...names])).split("\n");
  // As the engine is built, so that the packages that it has in common with programs are compiled once. Pulumi links a
  // program anew for each run: without debugging information that takes 3 s of CPU instead of 4.
  const flags = { CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-trimpath -buildvcs=false -ldflags=-w" };
  return { ...Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""])), ...flags };
}

module.exports = { findLanguage, findOrMakeLanguage };
