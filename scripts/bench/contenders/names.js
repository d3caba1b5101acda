// @ts-check
const { ANSIBLE, PYINFRA } = require("./python-tools.js");

/** Who takes part, by the names of tables and goals. */
const CONTENDERS = /** @type {const} */ ({
  oneCall: "ssh, one call",
  perCommand: "ssh, a call a command",
  controlMaster: "ssh with ControlMaster",
  pyinfra: PYINFRA,
  ansible: `${ANSIBLE}, pipelining and ControlPersist`,
  remoteCommand: "Pulumi's remote Command, run by each up",
  floor: "the floor",
  dynamic: "this provider",
  plugin: "this provider, as a plugin",
});

module.exports = { CONTENDERS };
