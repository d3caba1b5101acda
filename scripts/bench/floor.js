// @ts-check
/**
 * The engine's floor, as a package: the resource classes of pulumi-pci-passthrough by name, with the same arguments and
 * outputs, and a provider that does nothing. `create` gives the outputs that the real one would give.
 */
const pulumi = require("@pulumi/pulumi");
const { declaredOutputs } = require("./outputs.js");

/** @type {import("@pulumi/pulumi").dynamic.ResourceProvider} */
const provider = {
  check: async (_, { __provider, ...inputs }) => ({ inputs }),
  create: async (inputs) => {
    const label = "Ethernet controller: Intel Corporation 82574L Gigabit Network Connection";
    const identity = { id: "8086:10d3", subsystem: "8086:0000", class: "020000", label };
    const functions = [{ address: inputs.device, identity, originalDriver: "e1000e", active: true }];
    const status = { functions, configured: false, active: true, pending: "none", bootChange: "" };
    const key =
      inputs.vm === undefined ? ["AssignableDevice", inputs.device] : ["VmPciAttachment", inputs.device, inputs.vm];
    return { id: ["74cbb4fed3badec09802228a12f81813", ...key].join("/"), outs: { ...inputs, ...status } };
  },
  read: async (id, props) => ({ id, props }),
  diff: async (_, olds, news) => ({ changes: Object.keys(news).some((name) => !(name in olds)) }),
  update: async (_, __, news) => ({ outs: news }),
  delete: async () => {},
};

/** @param {string} kind */
const resourceClass = (kind) =>
  class extends pulumi.CustomResource {
    /** @param {string} name @param {Record<string, unknown>} args */
    constructor(name, args) {
      const text = 'exports.handler = () => require("pci-passthrough-floor").provider;';
      super(`pulumi-nodejs:dynamic/pci-passthrough:${kind}`, name, { ...args, ...declaredOutputs, __provider: text });
    }
  };

module.exports = {
  AssignableDevice: resourceClass("AssignableDevice"),
  VmPciAttachment: resourceClass("VmPciAttachment"),
  provider,
};
