// @ts-check
/** What resources of this provider have as outputs, by name. */
const OUTPUTS = ["functions", "configured", "active", "pending", "bootChange"];

/** For a constructor of Pulumi: an output that it does not name is lost. */
const declaredOutputs = Object.fromEntries(OUTPUTS.map((output) => [output, undefined]));

module.exports = { declaredOutputs };
