// @ts-check
const path = require("node:path");
const { cacheFolder } = require("../../cache-folder.js");
const { findOrBuild } = require("../../engine-cache.js");
const { packagesOfPyPI } = require("../../python-packages.js");

/** The last ansible-core for Python 3.11, which Debian 12 has. */
const VERSIONS = { pyinfra: "3.10.0", "ansible-core": "2.19.14" };

/** Their names in tables. */
const PYINFRA = `pyinfra ${VERSIONS.pyinfra}`;
const ANSIBLE = `ansible-core ${VERSIONS["ansible-core"]}`;

/**
 * The folder of pyinfra and ansible-core for PYTHONPATH, from the cache or PyPI. Throws CommandError.
 *
 * @returns {Promise<string>}
 */
function findOrInstallPythonTools() {
  const packages = Object.entries(VERSIONS).map(([name, version]) => `${name}==${version}`);
  const say = (/** @type {string} */ line) => console.error(line);
  return findOrBuild(packagesOfPyPI(packages, ["pyinfra", "ansible"]), path.join(cacheFolder(), "engine"), say);
}

module.exports = { ANSIBLE, findOrInstallPythonTools, PYINFRA };
