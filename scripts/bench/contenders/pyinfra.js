// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("../../command.js");
const { PYTHON } = require("../../python-packages.js");
const { commandOf, DEVICES, LIST, OPERATIONS } = require("./operations.js");
const { findOrInstallPythonTools } = require("./python-tools.js");

/**
 * One fact, and an operation for each device that is not as wanted.
 *
 * @param {import("./operations.js").Target} target
 * @returns {Promise<import("./operations.js").Contender>}
 */
async function pyinfra({ sshConfig, folder }) {
  const run = await pyinfraCommand(folder, sshConfig, ["host0"]);
  const deployOf = (/** @type {string} */ operation) => path.join(folder, `${operation.replaceAll(" ", "-")}.py`);
  for (const operation of OPERATIONS) fs.writeFileSync(deployOf(operation), deployText(operation));
  return { run: (operation) => run([deployOf(operation), "-y"]) };
}

/** @param {import("./operations.js").Operation} operation */
function deployText(operation) {
  return `from pyinfra import host
from pyinfra.facts.server import Command
from pyinfra.operations import server

assignable = host.get_fact(Command, ${JSON.stringify(LIST)}) or ""
for device in ${JSON.stringify(DEVICES)}:
    if device ${operation === "give back" ? "in" : "not in"} assignable:
        server.shell(name=device, commands=["${commandOf(operation)} " + device])
`;
}

/**
 * What runs pyinfra on hosts with further words.
 *
 * @param {string} folder for its inventory
 * @param {string} sshConfig
 * @param {readonly string[]} hosts
 */
async function pyinfraCommand(folder, sshConfig, hosts) {
  const env = { ...process.env, HOME: folder, PYTHONPATH: await findOrInstallPythonTools() };
  const inventory = path.join(folder, "inventory.py");
  const data = { ssh_config_file: sshConfig, ssh_known_hosts_file: path.join(folder, "known_hosts") };
  const entries = hosts.map((host) => `    (${JSON.stringify(host)}, ${JSON.stringify(data)}),\n`);
  fs.writeFileSync(inventory, `hosts = [\n${entries.join("")}]\n`);
  return (/** @type {readonly string[]} */ words) =>
    runCommand(PYTHON, ["-m", "pyinfra", inventory, ...words], { cwd: folder, env });
}

module.exports = { pyinfra, pyinfraCommand };
