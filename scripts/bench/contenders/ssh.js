// @ts-check
const { runCommand } = require("../../command.js");
const { commandOf, DEVICES, isDone, LIST, scriptOf } = require("./operations.js");

/** @typedef {import("./operations.js").Contender} Contender @typedef {import("./operations.js").Target} Target */

/** @param {Target} target @returns {Promise<Contender>} */
async function sshOneCall({ sshConfig }) {
  return { run: (operation) => ssh(sshConfig, [], scriptOf(operation, DEVICES)) };
}

/** @param {Target} target @returns {Promise<Contender>} */
async function sshPerCommand({ sshConfig }) {
  return { run: (operation) => commandByCommand(sshConfig, [], operation) };
}

/** Each operation opens a connection, and closes it. @param {Target} target @returns {Promise<Contender>} */
async function sshControlMaster({ sshConfig, folder }) {
  const shared = ["-o", "ControlMaster=auto", "-o", `ControlPath=${folder}/control`, "-o", "ControlPersist=60"];
  return {
    async run(operation) {
      await commandByCommand(sshConfig, shared, operation);
      await ssh(sshConfig, [...shared, "-O", "exit"]);
    },
  };
}

/** @param {string} sshConfig @param {readonly string[]} options @param {import("./operations.js").Operation} operation */
async function commandByCommand(sshConfig, options, operation) {
  const listed = await ssh(sshConfig, options, LIST);
  for (const device of DEVICES)
    if (!isDone(operation, listed, device)) await ssh(sshConfig, options, `${commandOf(operation)} ${device}`);
}

/** @param {string} sshConfig @param {readonly string[]} options @param {string} [command] */
function ssh(sshConfig, options, command) {
  return runCommand("ssh", ["-F", sshConfig, ...options, "host0", ...(command === undefined ? [] : [command])]);
}

module.exports = { sshControlMaster, sshOneCall, sshPerCommand };
