// @ts-check
const { fleetProgram } = require("./programs.js");
const { BenchProject, PACKAGES } = require("./project.js");
const { ReplayedHosts } = require("./replayed-hosts.js");

/**
 * One run of `pulumi`.
 *
 * @typedef {object} Measured
 * @property {number} resources
 * @property {number} hosts
 * @property {number} latencyMs How long each answer of a host waits.
 * @property {keyof typeof OPERATIONS} operation
 * @property {keyof typeof PACKAGES} provider
 * @property {number} seconds
 * @property {import("./process-meter.js").Usage} usage
 * @property {number} stateBytes
 * @property {import("./serve-hosts.js").Counts} counts Of all hosts together.
 */

/** The commands of `pulumi`, in the order in which they are run. */
const OPERATIONS = {
  preview: ["preview"],
  "first up": ["up", "--yes", "--skip-preview"],
  "no-change up": ["up", "--yes", "--skip-preview"],
  refresh: ["refresh", "--yes", "--skip-preview"],
  destroy: ["destroy", "--yes", "--skip-preview"],
};

/**
 * What is measured of one size.
 *
 * @typedef {object} Size
 * @property {number} resources
 * @property {number} hosts
 * @property {number} latencyMs
 * @property {readonly (keyof typeof OPERATIONS)[]} operations
 * @property {readonly (keyof typeof PACKAGES)[]} providers
 */

/**
 * Runs operations on a new stack for each provider.
 *
 * @param {string} bin folder of the engine
 * @param {Size} size
 * @param {(measured: Measured) => void} tell called after each run
 */
async function measure(bin, { resources, hosts, latencyMs, operations, providers }, tell) {
  /** @type {{ provider: keyof typeof PACKAGES, fleet: ReplayedHosts, project: BenchProject }[]} */
  const started = [];
  try {
    // Each has hosts of its own: a device belongs to one stack.
    for (const provider of providers) {
      const fleet = await ReplayedHosts.start(hosts, latencyMs);
      const project = new BenchProject(bin, fleetProgram(PACKAGES[provider], fleet.logins, resources));
      started.push({ provider, fleet, project });
      await project.pulumi(["stack", "init"]);
    }
    for (const operation of operations) {
      // One beside the other, so that whatever else the machine does slows all.
      for (const { provider, fleet, project } of started) {
        const { seconds, ...usage } = await project.pulumi(OPERATIONS[operation]);
        const counts = await fleet.counts();
        const stateBytes = project.stateBytes();
        tell({ resources, hosts, latencyMs, operation, provider, seconds, usage, stateBytes, counts });
      }
    }
  } finally {
    for (const { fleet, project } of started) {
      fleet.stop();
      project.remove();
    }
  }
}

module.exports = { measure, OPERATIONS };
