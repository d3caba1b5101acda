// @ts-check
/**
 * What everybody does on the real host, in this order: makes four devices assignable, finds that nothing is to do, and
 * gives them back.
 *
 * @typedef {"make assignable" | "nothing to do" | "give back"} Operation
 */

/**
 * A way to make devices assignable and to give them back.
 *
 * @typedef {object} Contender
 * @property {(operation: Operation) => Promise<unknown>} run Throws where it fails.
 * @property {() => Promise<void>} [end] Removes what it needed on this machine.
 */

/**
 * What contenders are told of the host, and may use here.
 *
 * @typedef {object} Target
 * @property {import("../project.js").Login} login
 * @property {string} sshConfig for `ssh -F`, where the host's name is host0
 * @property {string} folder of their own
 * @property {string} engine folder of the Pulumi engine
 */

/** @type {readonly Operation[]} */
const OPERATIONS = ["make assignable", "nothing to do", "give back"];

/** Of the lab host: both functions of a network card, a USB controller and an NVMe controller. */
const DEVICES = ["0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "0000:03:00.0"];

const LIST = "xl pci-assignable-list";
const ADD = "xl pci-assignable-add";
const REMOVE = "xl pci-assignable-remove -r";

/**
 * The command for a device that is not as wanted, to be followed by its address.
 *
 * @param {Operation} operation
 */
function commandOf(operation) {
  return operation === "give back" ? REMOVE : ADD;
}

/**
 * Whether an operation leaves a device as it is.
 *
 * @param {Operation} operation
 * @param {string} listed what LIST printed
 * @param {string} device
 */
function isDone(operation, listed, device) {
  return listed.includes(device) === (operation !== "give back");
}

/**
 * All of it as a script that does nothing twice.
 *
 * @param {Operation} operation
 * @param {readonly string[]} devices
 */
function scriptOf(operation, devices) {
  const command = `${commandOf(operation)} "$device"`;
  const cases = operation === "give back" ? `*"$device"*) ${command} ;;` : `*"$device"*) ;; *) ${command} ;;`;
  return `assignable=$(${LIST}); for device in ${devices.join(" ")}; do case $assignable in ${cases} esac; done`;
}

module.exports = { commandOf, DEVICES, isDone, LIST, OPERATIONS, scriptOf };
