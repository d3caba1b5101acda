// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("../../command.js");
const { PYTHON } = require("../../python-packages.js");
const { commandOf, DEVICES, LIST, OPERATIONS } = require("./operations.js");
const { findOrInstallPythonTools } = require("./python-tools.js");

/**
 * A task that asks, and one that runs a command for each device that is not as wanted. Its connection stays open for a
 * minute, so the second operation may find that of the first.
 *
 * @param {import("./operations.js").Target} target
 * @returns {Promise<import("./operations.js").Contender>}
 */
async function ansible({ sshConfig, folder }) {
  const run = await ansibleCommand(folder, sshConfig, ["host0"]);
  const playbookOf = (/** @type {string} */ operation) => path.join(folder, `${operation.replaceAll(" ", "-")}.json`);
  for (const operation of OPERATIONS) fs.writeFileSync(playbookOf(operation), playbookText(operation));
  return { run: (operation) => run(["playbook", playbookOf(operation)]) };
}

/** As JSON, which is YAML. @param {import("./operations.js").Operation} operation */
function playbookText(operation) {
  const condition = `item ${operation === "give back" ? "in" : "not in"} listed.stdout`;
  const ask = { command: LIST, register: "listed", changed_when: false };
  const change = { command: `${commandOf(operation)} {{ item }}`, loop: DEVICES, when: condition };
  return JSON.stringify([{ hosts: "all", gather_facts: false, tasks: [ask, change] }]);
}

/**
 * What runs `ansible` on hosts with further words.
 *
 * @param {string} folder for its inventory and configuration
 * @param {string} sshConfig
 * @param {readonly string[]} hosts
 */
async function ansibleCommand(folder, sshConfig, hosts) {
  const inventory = path.join(folder, "inventory");
  fs.writeFileSync(inventory, `${hosts.join("\n")}\n`);
  const env = {
    ...process.env,
    HOME: folder,
    PYTHONPATH: await findOrInstallPythonTools(),
    ANSIBLE_HOME: path.join(folder, ".ansible"),
    ANSIBLE_INVENTORY: inventory,
    ANSIBLE_PIPELINING: "true",
    ANSIBLE_PYTHON_INTERPRETER: "/usr/bin/python3",
    ANSIBLE_SSH_ARGS: `-F ${sshConfig} -o ControlMaster=auto -o ControlPersist=60s`,
  };
  return (/** @type {readonly string[]} */ words) =>
    runCommand(PYTHON, ["-m", "ansible", ...words], { cwd: folder, env });
}

module.exports = { ansible, ansibleCommand };
