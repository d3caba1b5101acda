// @ts-check
/** The resource classes of pulumi-pci-passthrough, as a package whose resources go to the plugin. */
const pulumi = require("@pulumi/pulumi");
const { declaredOutputs } = require("./outputs.js");

/** @param {string} kind */
const resourceClass = (kind) =>
  class extends pulumi.CustomResource {
    /** @param {string} name @param {Record<string, unknown>} args */
    constructor(name, args) {
      super(`pci-passthrough:index:${kind}`, name, { ...args, ...declaredOutputs });
    }
  };

module.exports = {
  AssignableDevice: resourceClass("AssignableDevice"),
  VmPciAttachment: resourceClass("VmPciAttachment"),
};
