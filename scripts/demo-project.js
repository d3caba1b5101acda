// @ts-check
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { createInterface } = require("node:readline");
const { stripVTControlCharacters } = require("node:util");
const pc = require("picocolors");
const { pulumiEnvironment } = require("./pulumi-environment.js");

const CHECKOUT = path.dirname(__dirname);

/**
 * A Pulumi project in a temporary folder that holds all that a run leaves: state, plugins, temporary files, and a home
 * folder whose ~/.ssh/config knows the demo's hosts by name.
 */
class DemoProject {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  running;

  /**
   * @param {string} bin Folder of the engine.
   * @param {AbortSignal} interrupted Ends a running `pulumi`, and lets none begin.
   */
  constructor(bin, interrupted) {
    this.interrupted = interrupted;
    // realpath: os.tmpdir() is a symlink on macOS.
    this.folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "pci-passthrough-demo-")));
    for (const name of ["state", "home/.ssh", "tmp", "node_modules"])
      fs.mkdirSync(path.join(this.folder, name), { recursive: true });
    const link = (/** @type {string} */ to, /** @type {string} */ name) =>
      fs.symlinkSync(to, path.join(this.folder, "node_modules", name), "dir");
    link(CHECKOUT, "pulumi-pci-passthrough");
    for (const name of ["@pulumi", "@types", "typescript"]) link(path.join(CHECKOUT, "node_modules", name), name);
    this.write("Pulumi.yaml", "name: demo\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n");
    this.write("package.json", '{ "name": "demo", "private": true }\n');
    const dynamicProvider = path.join(CHECKOUT, "node_modules/@pulumi/pulumi");
    const own = Object.entries(process.env).filter(([name]) => !/^(PULUMI|PCI_PASSTHROUGH|SSH)_/.test(name));
    /** @type {NodeJS.ProcessEnv} */
    this.env = {
      ...Object.fromEntries(own),
      PATH: [bin, path.dirname(process.execPath), process.env.PATH, dynamicProvider].join(path.delimiter),
      HOME: path.join(this.folder, "home"),
      TMPDIR: path.join(this.folder, "tmp"),
      ...pulumiEnvironment({ home: path.join(this.folder, "home/.pulumi"), backend: path.join(this.folder, "state") }),
    };
  }

  /** @param {string} name @param {string} text */
  write(name, text) {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  /** @param {string} name @param {string} text */
  append(name, text) {
    fs.appendFileSync(path.join(this.folder, name), text);
  }

  /** Makes it a copy of a folder in examples/. @param {string} example */
  copy(example) {
    const from = path.join(CHECKOUT, "examples", example);
    const isOwn = (/** @type {string} */ file) => !/^(node_modules|Pulumi\..+\.yaml)$/.test(path.basename(file));
    fs.cpSync(from, this.folder, { recursive: true, filter: isOwn });
  }

  async createStack() {
    await this.run("pulumi", ["stack", "init", "demo", "--non-interactive"], () => {});
  }

  /**
   * Runs pulumi on the stack and shows what it says, line by line.
   *
   * @param {readonly string[]} words
   * @returns {Promise<{ readonly exitCode: number | null, readonly output: string }>} output without colours
   */
  pulumi(words) {
    console.log(pc.dim(`$ pulumi ${words.join(" ")}`));
    const color = pc.isColorSupported ? "always" : "never";
    const more = ["--stack", "demo", "--color", color, "--suppress-progress", "--non-interactive"];
    return this.run("pulumi", [...words, ...more], (line) => console.log(line.trimEnd()));
  }

  /**
   * Runs a command in the project's folder, and shows what it says.
   *
   * @param {string} command
   * @param {readonly string[]} words
   * @param {(line: string) => void} show
   * @param {Readonly<Record<string, string>>} [env] Added to the environment.
   */
  async run(command, words, show, env) {
    this.interrupted.throwIfAborted();
    // In a process group of its own, so that Ctrl-C reaches it once, from us: a second time would cut short its cleaning up.
    const child = spawn(command, words, {
      cwd: this.folder,
      env: { ...this.env, ...env },
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.running = child;
    let output = "";
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on("line", (line) => {
        output += `${stripVTControlCharacters(line)}\n`;
        show(line);
      });
    const [exitCode] = await once(child, "close");
    this.running = undefined;
    this.interrupted.throwIfAborted();
    return { exitCode, output };
  }

  /** Asks a running `pulumi` to end, as Ctrl-C does; the second time it obeys at once. */
  interrupt() {
    this.running?.kill("SIGINT");
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

module.exports = { DemoProject };
