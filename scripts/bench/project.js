// @ts-check
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pulumiEnvironment } = require("../pulumi-environment.js");
const { watchProcesses } = require("./process-meter.js");

const CHECKOUT = path.resolve(__dirname, "../..");
const STACK = "dev";

/** @typedef {{ address: string, port: number, user: string, identityFile: string, hostKey: string }} Login */

/**
 * One run of `pulumi`: what it used, and the seconds that it took.
 *
 * @typedef {import("./process-meter.js").Usage & { seconds: number }} Run
 */

/** @typedef {{ name: string, path: string }} Plugin Of Pulumi, and the folder that it is in. */

/** Who declares the resources: a provider that does nothing, or this one, either way. */
const PACKAGES = {
  floor: "pci-passthrough-floor",
  dynamic: "pulumi-pci-passthrough",
  plugin: "pci-passthrough-plugin",
};

/** A Pulumi project in a temporary folder, with its state in a file. */
class BenchProject {
  /**
   * @param {string} bin folder of the engine
   * @param {string} program in JavaScript
   * @param {readonly Plugin[]} [plugins] further ones than this provider's
   */
  constructor(bin, program, plugins = []) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "pci-passthrough-bench-"));
    for (const name of ["state", "home/.ssh", "node_modules"])
      fs.mkdirSync(path.join(this.folder, name), { recursive: true });
    const link = (/** @type {string} */ to, /** @type {string} */ name) =>
      fs.symlinkSync(to, path.join(this.folder, "node_modules", name));
    link(path.join(CHECKOUT, "node_modules/@pulumi"), "@pulumi");
    link(CHECKOUT, PACKAGES.dynamic);
    link(path.join(__dirname, "floor.js"), `${PACKAGES.floor}.js`);
    link(path.join(__dirname, "plugin-classes.js"), `${PACKAGES.plugin}.js`);
    const runtime = { name: "nodejs", options: { typescript: false } };
    const providers = [{ name: "pci-passthrough", path: CHECKOUT }, ...plugins];
    // JSON is YAML, too.
    this.write("Pulumi.yaml", JSON.stringify({ name: "bench", runtime, plugins: { providers } }));
    this.write("package.json", '{ "name": "bench", "private": true }\n');
    this.write("index.js", program);
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

module.exports = { BenchProject, PACKAGES };
