// @ts-check
const { BenchProject } = require("./project.js");
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

/** Who declares the resources: a provider that does nothing, or this one. */
const PACKAGES = { floor: "pci-passthrough-floor", ours: "pulumi-pci-passthrough" };

/**
 * Runs operations on a new stack for each provider.
 *
 * @param {string} bin folder of the engine
 * @param {{ resources: number, hosts: number, latencyMs: number, operations: readonly (keyof typeof OPERATIONS)[] }} size
 * @param {(measured: Measured) => void} tell called after each run
 */
async function measure(bin, { resources, hosts, latencyMs, operations }, tell) {
  const replayed = await ReplayedHosts.start(hosts, latencyMs);
  const { floor, ours } = PACKAGES;
  const projects = {
    floor: new BenchProject(bin, floor, replayed.logins, resources),
    ours: new BenchProject(bin, ours, replayed.logins, resources),
  };
  try {
    for (const project of Object.values(projects)) await project.pulumi(["stack", "init"]);
    for (const operation of operations) {
      // One beside the other, so that whatever else the machine does slows both.
      for (const provider of /** @type {const} */ (["floor", "ours"])) {
        const project = projects[provider];
        const { seconds, ...usage } = await project.pulumi(OPERATIONS[operation]);
        const counts = await replayed.counts();
        const stateBytes = project.stateBytes();
        tell({ resources, hosts, latencyMs, operation, provider, seconds, usage, stateBytes, counts });
      }
    }
  } finally {
    replayed.stop();
    for (const project of Object.values(projects)) project.remove();
  }
}

module.exports = { measure, OPERATIONS };
