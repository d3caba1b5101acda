// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("../command.js");
// The package as its users load it: only the build has JavaScript.
const { readHostFacts } = require("../../dist/provider/facts/host-facts");
const { factsScript } = require("../../dist/provider/script/facts-script");
const { makePciTree, PCI_ON_HOST } = require("./pci-tree.js");

/**
 * What it costs to ask a host that has so many PCI functions.
 *
 * @typedef {object} FactsCost
 * @property {number} functions
 * @property {{ seconds: number, processes: number }} script all facts, by the script of the provider
 * @property {{ seconds: number, processes: number }} lspci `lspci -Dvmmnnk`, which knows less
 * @property {number} bytes of the script's answer
 * @property {number} readingMs until the provider has read that
 */

const FUNCTIONS = [16, 128, 512];

/** Shows commands a made /sys/bus/pci, in a mount namespace of their own; the rest of the host is its own. */
const ON_TREE = `unshare --mount sh -c 'mount --bind ${PCI_ON_HOST}/bus /sys/bus/pci && exec "$@"' sh`;

/**
 * Reads the facts of a real host that is made to have many PCI functions.
 *
 * @param {import("./real-host.js").RealHost} host
 * @param {(cost: FactsCost) => void} tell
 */
async function measureFacts(host, tell) {
  for (const functions of FUNCTIONS) {
    const tree = path.join(host.folder, `pci-${functions}`);
    makePciTree(tree, functions);
    fs.writeFileSync(path.join(tree, "facts.sh"), factsScript({ vmConfigPaths: [], libvirt: false }));
    await host.output(`rm -rf ${PCI_ON_HOST} && mkdir -p ${PCI_ON_HOST}`);
    const copy = `tar -C "$1" -cf - . | ssh -F "$2" host0 'tar -C ${PCI_ON_HOST} -xf -'`;
    await runCommand("sh", ["-c", copy, "sh", tree, host.sshConfig]);
    const { result: lines, ...lspci } = await host.measure(() => host.output(`${ON_TREE} lspci -Dvmmnnk`));
    const listed = lines.match(/^Slot:/gm)?.length;
    if (listed !== functions) throw new Error(`lspci lists ${listed} functions instead of ${functions}`);
    const run = `${ON_TREE} sh ${PCI_ON_HOST}/facts.sh "$SSH_CONNECTION"`;
    const { result: answer, ...script } = await host.measure(() => host.output(run));
    // The first reading of a process waits for the compiler.
    const { size } = readHostFacts(answer).pciDevices;
    const start = performance.now();
    readHostFacts(answer);
    const readingMs = performance.now() - start;
    if (size !== functions) throw new Error(`the facts have ${size} functions instead of ${functions}`);
    tell({ functions, script, lspci, bytes: answer.length, readingMs });
  }
}

module.exports = { measureFacts };
