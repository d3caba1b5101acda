// @ts-check
const { DEVICES, VMS } = require("./replayed-host.js");

/** @typedef {import("./project.js").Login} Login */

/**
 * As many resources on each host: a device that is made assignable, then given to a VM, and the next.
 *
 * @param {string} packageName whose resource classes the program uses
 * @param {readonly Login[]} hosts replayed ones
 * @param {number} resources as many of them as the program declares, at most two a device
 */
function fleetProgram(packageName, hosts, resources) {
  return `const { AssignableDevice, VmPciAttachment } = require(${JSON.stringify(packageName)});
const hosts = ${JSON.stringify(hosts)};
const devices = ${JSON.stringify(DEVICES)};
const vms = ${JSON.stringify(VMS)};
for (const [number, host] of hosts.entries()) {
  let left = ${resources / hosts.length};
  for (const [index, device] of devices.entries()) {
    const vm = vms[index];
    const name = \`host\${number}-\${vm}\`;
    if (left-- <= 0) break;
    const nic = new AssignableDevice(name, { host, device });
    if (left-- > 0) new VmPciAttachment(name, { host, device: nic.device, vm });
  }
}
`;
}

/**
 * Devices of hosts that are made assignable, nothing else.
 *
 * @param {string} packageName whose resource classes the program uses
 * @param {readonly Login[]} hosts
 * @param {readonly { readonly device: string, readonly allow?: readonly string[] }[]} devices the same of each host
 */
function assignableProgram(packageName, hosts, devices) {
  return `const { AssignableDevice } = require(${JSON.stringify(packageName)});
for (const [number, host] of ${JSON.stringify(hosts)}.entries())
  for (const args of ${JSON.stringify(devices)}) new AssignableDevice(\`host\${number}-\${args.device}\`, { host, ...args });
`;
}

module.exports = { assignableProgram, fleetProgram };
