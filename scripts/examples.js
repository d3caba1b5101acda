// @ts-check
/**
 * The examples of examples/ that run on simulated hosts as they are.
 *
 * @typedef {object} Example
 * @property {string} name Its folder in examples/.
 * @property {readonly { readonly name: string, readonly profile: string }[]} hosts
 * @property {(hosts: readonly object[]) => Record<string, unknown>} config The stack's configuration; each host is
 *   what the input `host` of a resource takes.
 */

/** @type {readonly Example[]} */
const EXAMPLES = [
  {
    name: "quickstart",
    hosts: [{ name: "xen1", profile: "debian-xl" }],
    config: ([host]) => ({ host, device: "0000:01:00.0", vm: "web1" }),
  },
  {
    name: "sriov-pool",
    hosts: [{ name: "xen1", profile: "debian-xl" }],
    config: ([host]) => ({ host, device: "03:00.0", vms: ["web1", "db1"] }),
  },
  {
    name: "fleet",
    hosts: [
      { name: "xen1", profile: "debian-xl" },
      { name: "xen2", profile: "debian-xl" },
    ],
    config: (hosts) => ({
      id: "1b36:0010",
      machines: hosts.map((host, index) => ({ name: `xen${index + 1}`, host, vm: "web1" })),
    }),
  },
  {
    name: "kvm-gpu",
    hosts: [{ name: "kvm1", profile: "debian-kvm-gpu" }],
    config: ([host]) => ({ host, slot: "0000:04:00", vm: "web" }),
  },
  {
    name: "xenserver",
    hosts: [{ name: "xcp1", profile: "xcpng-8.3" }],
    config: ([host]) => ({ host, device: "0000:03:00.0", vm: "gpu1" }),
  },
  {
    name: "automation",
    hosts: [{ name: "xen1", profile: "debian-xl" }],
    // Its environment instead of a stack's configuration.
    config: ([host]) => ({ HOST: JSON.stringify(host), DEVICE: "0000:01:00.0", VM: "web1" }),
  },
];

module.exports = { EXAMPLES };
