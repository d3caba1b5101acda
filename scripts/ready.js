#!/usr/bin/env node
// @ts-check
/**
 * Makes a checkout ready to run: dependencies, dist/, with the word `engine` a Pulumi engine, and with `yaml`, `python` or
 * `go` what that takes to run programs of this language. Silent when all is there.
 * Runs before `npm ci`, so it and what it requires need nothing but Node.
 */
const { createHash } = require("node:crypto");
const path = require("node:path");
const { cacheFolder } = require("./cache-folder.js");
const { CommandError } = require("./command.js");
const { dependenciesInstalled, installDependencies } = require("./dependencies.js");
const { buildDist, distIsFresh } = require("./dist.js");
const { findOrMakeEngine, machineSurroundings } = require("./engine.js");
const { findOrMakeLanguage } = require("./languages.js");
const { withLock } = require("./lock.js");

const ROOT = path.dirname(__dirname);

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

function checkoutIsReady() {
  return dependenciesInstalled(ROOT) && distIsFresh(ROOT);
}

async function makeCheckoutReady() {
  if (checkoutIsReady()) return;
  // Not in the checkout: npm ci empties node_modules, and a file elsewhere would show up in git status.
  const name = createHash("sha256").update(ROOT).digest("hex").slice(0, 16);
  await withLock(
    path.join(cacheFolder(), "checkouts", `${name}.lock`),
    async () => {
      if (!dependenciesInstalled(ROOT)) await installDependencies(ROOT, say);
      if (!distIsFresh(ROOT)) await buildDist(ROOT, say);
    },
    { onWait: (holder) => say(`Waiting for process ${holder}, which makes this checkout ready …`) },
  );
}

/** @param {readonly string[]} words */
async function main(words) {
  const languages = words.filter((word) => word === "yaml" || word === "python" || word === "go");
  if (words.some((word) => word !== "engine" && !languages.some((language) => language === word)))
    throw new CommandError("usage: node scripts/ready.js [engine] [yaml] [python] [go]");
  await makeCheckoutReady();
  const surroundings = machineSurroundings(ROOT);
  if (words.includes("engine")) await findOrMakeEngine(surroundings, say);
  for (const language of languages) await findOrMakeLanguage(language, surroundings, ROOT, say);
}

main(process.argv.slice(2)).catch((error) => {
  say(error instanceof CommandError ? `Not ready: ${error.message}` : String(error?.stack ?? error));
  process.exitCode = 1;
});
