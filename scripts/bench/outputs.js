// @ts-check
// The package as its users load it: only the build has JavaScript.
const { DEVICE_OUTPUTS } = require("../../dist/sdk/pci-resource");

/** For a constructor of Pulumi: an output that it does not name is lost. */
const declaredOutputs = Object.fromEntries(DEVICE_OUTPUTS.map((output) => [output, undefined]));

module.exports = { declaredOutputs };
