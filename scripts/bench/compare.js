// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { ansible } = require("./contenders/ansible.js");
const { CONTENDERS } = require("./contenders/names.js");
const { DEVICES, isDone, LIST, OPERATIONS, scriptOf } = require("./contenders/operations.js");
const { remoteCommand, withProvider } = require("./contenders/pulumi.js");
const { pyinfra } = require("./contenders/pyinfra.js");
const { sshControlMaster, sshOneCall, sshPerCommand } = require("./contenders/ssh.js");

/**
 * @typedef {import("./contenders/operations.js").Contender} Contender
 * @typedef {import("./contenders/operations.js").Target} Target
 */

/**
 * One operation of one contender.
 *
 * @typedef {object} Compared
 * @property {string} contender
 * @property {import("./contenders/operations.js").Operation} operation
 * @property {number} seconds
 * @property {number} processes that the host started, threads too
 */

/**
 * Makes a contender. Throws where this machine has not what it takes.
 *
 * @type {Readonly<Record<keyof typeof CONTENDERS, (target: Target) => Promise<Contender>>>}
 */
const CANDIDATES = {
  oneCall: sshOneCall,
  perCommand: sshPerCommand,
  controlMaster: sshControlMaster,
  pyinfra,
  ansible,
  remoteCommand,
  floor: withProvider("floor"),
  dynamic: withProvider("dynamic"),
  plugin: withProvider("plugin"),
};

/**
 * Lets each contender do all operations on a real host, and looks whether it did.
 *
 * @param {import("./real-host.js").RealHost} host
 * @param {string} engine folder of the Pulumi engine
 * @param {(compared: Compared) => void} tell called after each operation
 * @param {(why: string) => void} leaveOut called for a contender that cannot be had here, or fails
 */
async function compare(host, engine, tell, leaveOut) {
  const names = /** @type {(keyof typeof CONTENDERS)[]} */ (Object.keys(CONTENDERS));
  for (const name of names) {
    const contender = CONTENDERS[name];
    const folder = path.join(host.folder, name);
    fs.mkdirSync(folder);
    try {
      const { login, sshConfig } = host;
      const { run, end } = await CANDIDATES[name]({ login, sshConfig, folder, engine });
      try {
        for (const operation of OPERATIONS) {
          const { seconds, processes } = await host.measure(() => run(operation));
          const listed = await host.output(LIST);
          if (name !== "floor" && !DEVICES.every((device) => isDone(operation, listed, device)))
            throw new Error(`after "${operation}" the host lists ${listed}`);
          tell({ contender, operation, seconds, processes });
        }
      } catch (error) {
        await run("give back").catch(() => {});
        throw error;
      } finally {
        await end?.();
      }
    } catch (error) {
      leaveOut(`${contender}: ${error instanceof Error ? error.message : error}`);
      await host.output(scriptOf("give back", DEVICES));
    }
  }
}

module.exports = { compare };
