// @ts-check
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { withLock } = require("./lock.js");

/**
 * How a set of programs comes about, and how to tell that they work.
 *
 * @typedef {object} Recipe
 * @property {string} key Names the version and everything else that the result depends on; a folder name.
 * @property {readonly string[]} programs File names of what `build` leaves in its folder.
 * @property {(folder: string, say: import("./command.js").Say) => Promise<void>} build
 * @property {(folder: string) => Promise<boolean>} works Whether the programs in the folder answer.
 */

/** @typedef {Record<string, { size: number, sha256: string }>} Manifest One entry a program. */

/**
 * The folder of the recipe's programs when they are in the cache as they were built, byte for byte, and still answer.
 *
 * @param {Recipe} recipe
 * @param {string} cache
 * @returns {Promise<string | undefined>}
 */
async function findCached(recipe, cache) {
  const entry = path.join(cache, recipe.key);
  const bin = path.join(entry, "bin");
  return intact(entry, recipe) && (await recipe.works(bin)) ? bin : undefined;
}

/**
 * Like findCached, but builds what is missing or damaged. The build happens in a folder beside and is renamed into place,
 * so that a killed build leaves nothing that looks like an engine; a second process waits for the first one's.
 *
 * @param {Recipe} recipe
 * @param {string} cache
 * @param {import("./command.js").Say} say
 * @returns {Promise<string>}
 */
async function findOrBuild(recipe, cache, say) {
  const onWait = (/** @type {number | undefined} */ holder) => say(`Waiting for process ${holder}, which builds it …`);
  return (
    (await findCached(recipe, cache)) ??
    (await withLock(
      path.join(cache, `${recipe.key}.lock`),
      async () => (await findCached(recipe, cache)) ?? (await build(recipe, cache, say)),
      { onWait },
    ))
  );
}

/**
 * @param {Recipe} recipe
 * @param {string} cache
 * @param {import("./command.js").Say} say
 */
async function build(recipe, cache, say) {
  const entry = path.join(cache, recipe.key);
  removeLeftovers(recipe, cache);
  const draft = fs.mkdtempSync(`${entry}.draft-`);
  try {
    const bin = path.join(draft, "bin");
    fs.mkdirSync(bin);
    await recipe.build(bin, say);
    if (!(await recipe.works(bin))) throw new Error(`the programs built in ${bin} do not answer`);
    fs.writeFileSync(path.join(draft, "manifest.json"), JSON.stringify(measure(bin, recipe), null, 2));
    fs.rmSync(entry, { recursive: true, force: true });
    fs.renameSync(draft, entry);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  return path.join(entry, "bin");
}

/**
 * Drafts of builders that were killed: we hold the lock, so nobody works on them.
 *
 * @param {Recipe} recipe
 * @param {string} cache
 */
function removeLeftovers(recipe, cache) {
  for (const name of fs.readdirSync(cache))
    if (name.startsWith(`${recipe.key}.draft-`)) fs.rmSync(path.join(cache, name), { recursive: true, force: true });
}

/**
 * @param {string} entry
 * @param {Recipe} recipe
 */
function intact(entry, recipe) {
  try {
    const recorded = fs.readFileSync(path.join(entry, "manifest.json"), "utf8");
    return recorded === JSON.stringify(measure(path.join(entry, "bin"), recipe), null, 2);
  } catch {
    return false; // not there, or not readable: either way there is nothing to use
  }
}

/**
 * @param {string} bin
 * @param {Recipe} recipe
 * @returns {Manifest}
 */
function measure(bin, { programs }) {
  return Object.fromEntries(
    programs.map((program) => {
      const bytes = fs.readFileSync(path.join(bin, program));
      return [program, { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }];
    }),
  );
}

module.exports = { findCached, findOrBuild };
