// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("./command.js");

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage */

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes node_modules/.package-lock.json last of all, so
 * an installation that was broken off counts as none; what a person installed by hand counts like ours.
 *
 * @param {string} root
 */
function dependenciesInstalled(root) {
  const wanted = readPackages(path.join(root, "package-lock.json")) ?? {};
  const installed = readPackages(path.join(root, "node_modules/.package-lock.json"));
  if (!installed) return false;
  return Object.entries(wanted).every(([location, { version, integrity, optional }]) => {
    if (!location.startsWith("node_modules/")) return true;
    const found = installed[location];
    // Optional packages for other systems are locked, but not installed.
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

/**
 * Runs `npm ci`. Throws CommandError with the end of npm's output.
 *
 * @param {string} root
 * @param {import("./command.js").Say} say
 */
async function installDependencies(root, say) {
  say("Installing dependencies (npm ci) …");
  await runNpm(["ci", "--no-audit", "--no-fund"], root, say);
}

/**
 * Runs npm: the same one that runs us, where one does.
 *
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {import("./command.js").Say} say
 */
function runNpm(args, cwd, say) {
  const npm = process.env.npm_execpath;
  return npm?.endsWith("npm-cli.js")
    ? runCommand(process.execPath, [npm, ...args], { cwd, say })
    : runCommand("npm", args, { cwd, say });
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")).packages;
  } catch {
    return undefined; // missing or cut off: the same as not installed
  }
}

module.exports = { dependenciesInstalled, installDependencies, runNpm };
