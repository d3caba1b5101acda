// @ts-check
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { runNpm } = require("./dependencies.js");

/**
 * Whether dist/ was built from the sources as they are now: by their contents, as times say little after a checkout.
 *
 * @param {string} root
 */
function distIsFresh(root) {
  return readRecord(root) === digestSources(root) && outputsComplete(root);
}

/**
 * Builds dist/. Throws CommandError with the compiler's errors.
 *
 * @param {string} root
 * @param {import("./command.js").Say} say
 */
async function buildDist(root, say) {
  say("Building dist/ …");
  const digest = digestSources(root);
  // An incremental tsc does not notice that outputs were deleted (TypeScript issue 30602), only that its record was.
  if (!outputsComplete(root)) fs.rmSync(path.join(root, "dist/.tsbuildinfo"), { force: true });
  await runNpm(["run", "--silent", "build"], root, say);
  fs.writeFileSync(recordFile(root), digest);
}

/** @param {string} root */
function digestSources(root) {
  const digest = createHash("sha256");
  for (const file of ["package-lock.json", "tsconfig.json", "tsconfig.build.json", ...listSources(root)])
    digest
      .update(`${file}\0`)
      .update(fs.readFileSync(path.join(root, file)))
      .update("\0");
  return digest.digest("hex");
}

/** @param {string} root */
function outputsComplete(root) {
  return listSources(root).every((file) => fs.existsSync(path.join(root, "dist", file.replace(/\.ts$/, ".js"))));
}

/**
 * The TypeScript files of the folders that tsconfig.build.json includes, from the root, sorted.
 *
 * @param {string} root
 * @returns {string[]}
 */
function listSources(root) {
  /** @type {{ include: string[] }} */
  const { include } = JSON.parse(fs.readFileSync(path.join(root, "tsconfig.build.json"), "utf8"));
  return include
    .filter((folder) => fs.existsSync(path.join(root, folder)))
    .flatMap((folder) =>
      fs
        .readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
        .map((file) => path.join(folder, file)),
    )
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .sort();
}

/** @param {string} root */
function readRecord(root) {
  return fs.existsSync(recordFile(root)) ? fs.readFileSync(recordFile(root), "utf8") : undefined;
}

/** @param {string} root */
function recordFile(root) {
  return path.join(root, "dist/.ready");
}

module.exports = { buildDist, distIsFresh };
