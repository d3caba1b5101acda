// @ts-check
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pulumiEnvironment } = require("../pulumi-environment.js");
const { watchProcesses } = require("./process-meter.js");
const { DEVICES, VMS } = require("./replayed-host.js");

const CHECKOUT = path.resolve(__dirname, "../..");
const STACK = "dev";

/** @typedef {{ address: string, port: number, user: string, identityFile: string, hostKey: string }} Login */

/**
 * One run of `pulumi`: what it used, and the seconds that it took.
 *
 * @typedef {import("./process-meter.js").Usage & { seconds: number }} Run
 */

/** A Pulumi project in a temporary folder, with its state in a file. */
class BenchProject {
  /**
   * @param {string} bin folder of the engine
   * @param {string} packageName whose resource classes the program uses
   * @param {readonly Login[]} hosts
   * @param {number} resources as many of them as the program declares, at most two a device
   */
  constructor(bin, packageName, hosts, resources) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "pci-passthrough-bench-"));
    for (const name of ["state", "home/.ssh", "node_modules/pci-passthrough-floor"])
      fs.mkdirSync(path.join(this.folder, name), { recursive: true });
    const link = (/** @type {string} */ to, /** @type {string} */ name) =>
      fs.symlinkSync(to, path.join(this.folder, "node_modules", name));
    link(CHECKOUT, "pulumi-pci-passthrough");
    link(path.join(CHECKOUT, "node_modules/@pulumi"), "@pulumi");
    link(path.join(__dirname, "floor.js"), "pci-passthrough-floor/index.js");
    this.write("Pulumi.yaml", "name: bench\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n");
    this.write("package.json", '{ "name": "bench", "private": true }\n');
    this.write("index.js", programText(packageName, hosts, resources));
    this.env = {
      PATH: [bin, path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
      HOME: path.join(this.folder, "home"),
      ...pulumiEnvironment({ home: path.join(this.folder, "home/.pulumi"), backend: path.join(this.folder, "state") }),
    };
  }

  /** @param {string} name @param {string} text */
  write(name, text) {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  /**
   * Runs `pulumi`. Throws when it fails.
   *
   * @param {readonly string[]} words
   * @returns {Promise<Run>}
   */
  async pulumi(words) {
    const start = process.hrtime.bigint();
    const stack = words[0] === "stack" ? [STACK] : ["--stack", STACK];
    const child = spawn("pulumi", [...words, ...stack, "--non-interactive", "--color", "never"], {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const meter = watchProcesses(child.pid ?? 0);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    const [code] = await once(child, "close");
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    const usage = meter.stop();
    if (code !== 0) throw new Error(`pulumi ${words.join(" ")} failed:\n${said.slice(-4000)}`);
    return { ...usage, seconds };
  }

  /** The size of the state, in bytes. */
  stateBytes() {
    return fs.statSync(path.join(this.folder, "state/.pulumi/stacks/bench", `${STACK}.json`)).size;
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * As many resources on each host: a device that is made assignable, then given to a VM, and the next.
 *
 * @param {string} packageName
 * @param {readonly Login[]} hosts
 * @param {number} resources
 */
function programText(packageName, hosts, resources) {
  return `const { AssignableDevice, VmPciAttachment } = require(${JSON.stringify(packageName)});
const hosts = ${JSON.stringify(hosts)};
const devices = ${JSON.stringify(DEVICES)};
const vms = ${JSON.stringify(VMS)};
for (const [at, host] of hosts.entries()) {
  let left = ${resources / hosts.length};
  for (const [index, device] of devices.entries()) {
    const vm = vms[index];
    const name = \`host\${at}-\${vm}\`;
    if (left-- <= 0) break;
    const nic = new AssignableDevice(name, { host, device });
    if (left-- > 0) new VmPciAttachment(name, { host, device: nic.device, vm });
  }
}
`;
}

module.exports = { BenchProject };
