#!/usr/bin/env node
// @ts-check
/** Shows on two simulated hosts what a user would see on real ones. Ends with 0 only when everything went as it says. */
const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const pc = require("picocolors");
const { findEngine, machineSurroundings } = require("./engine.js");

const CHECKOUT = path.dirname(__dirname);
const VM_CONFIG = "/etc/xen/web1.cfg";

/** @typedef {import("../simulator").SimulatedHost} SimulatedHost */

/** @param {string} text */
function heading(text) {
  console.log(`\n${pc.bold(pc.cyan(`── ${text}`))}`);
}

/**
 * @param {readonly SimulatedHost[]} hosts
 * @param {string} device
 */
function program([xen1, xen2], device) {
  /** @param {SimulatedHost | undefined} host */
  const args = (host) => {
    assert(host);
    const { address, port, user, identityFile, hostKey } = host;
    return JSON.stringify({ address, port, user, identityFile, hostKey });
  };
  return `const pci = require("pulumi-pci-passthrough");
const xen1 = ${args(xen1)};
const xen2 = ${args(xen2)};

const nic = new pci.AssignableDevice("nic", { host: xen1, device: "${device}" });
new pci.VmPciAttachment("nic-of-web1", { host: xen1, device: nic.device, vm: "web1" });
new pci.AssignableDevice("usb", { host: xen2, device: "0000:02:00.0" });
`;
}

/** What the demo may change on a host. @param {SimulatedHost} host */
async function picture(host) {
  const { stdout } = await host.exec(
    `cat /etc/xen/*.cfg; for device in /sys/bus/pci/devices/*; do echo "$device $(readlink "$device/driver")"; done; ls -a /var/lib`,
  );
  return stdout;
}

/** @param {SimulatedHost} host @param {string} command */
async function show(host, command) {
  const { stdout } = await host.exec(command);
  console.log(pc.dim(`${host.name}# ${command}`));
  console.log(stdout.trimEnd());
}

class Project {
  /** @param {string} bin folder of the engine */
  constructor(bin) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "pci-passthrough-demo-"));
    const modules = path.join(this.folder, "node_modules");
    fs.mkdirSync(modules);
    fs.mkdirSync(path.join(this.folder, "state"));
    fs.symlinkSync(CHECKOUT, path.join(modules, "pulumi-pci-passthrough"), "dir");
    fs.symlinkSync(path.join(CHECKOUT, "node_modules/@pulumi"), path.join(modules, "@pulumi"), "dir");
    this.write("Pulumi.yaml", "name: demo\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n");
    this.write("package.json", '{ "name": "demo", "private": true }\n');
    this.env = {
      ...process.env,
      PATH: [bin, path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
      PULUMI_HOME: path.join(this.folder, "home"),
      PULUMI_BACKEND_URL: `file://${path.join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
  }

  /** @param {string} name @param {string} text */
  write(name, text) {
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  /** Runs pulumi and shows what it says. @param {readonly string[]} words @param {"succeeds" | "fails"} expected */
  async pulumi(words, expected = "succeeds") {
    console.log(pc.dim(`$ pulumi ${words.join(" ")}`));
    const child = spawn("pulumi", [...words, "--stack", "demo", "--non-interactive"], {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
    const [exitCode] = await once(child, "close");
    console.log(said.replace(/^@ .*\n/gm, "").trim());
    assert.equal(exitCode === 0 ? "succeeds" : "fails", expected, `pulumi ${words.join(" ")} ended with ${exitCode}`);
    return said;
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @param {readonly SimulatedHost[]} hosts @param {Project} project */
async function play(hosts, project) {
  const [xen1] = hosts;
  assert(xen1);
  const before = await Promise.all(hosts.map(picture));
  const source = program(hosts, "0000:01:00.0");
  project.write("index.js", source);
  await project.pulumi(["stack", "select", "--create"]);

  heading("The program");
  console.log(source);
  heading("Preview: what each host will feel. Nothing is touched");
  await project.pulumi(["preview"]);
  assert.deepEqual(await Promise.all(hosts.map(picture)), before, "a preview changed a host");

  heading("Up: it is done, under a lock, and read back");
  await project.pulumi(["up", "--yes", "--skip-preview"]);

  heading("What changed on the host");
  await show(xen1, "xl pci-assignable-list");
  await show(xen1, `diff /var/lib/pulumi-pci-passthrough/before${VM_CONFIG} ${VM_CONFIG}`);
  assert.match(xen1.readFile(VM_CONFIG), /pci = \[ '0000:01:00\.0' \]/);

  heading("The NIC of the SSH session? Preview refuses");
  project.write("index.js", program(hosts, "0000:00:03.0"));
  const refused = await project.pulumi(["preview"], "fails");
  assert.match(refused, /the SSH session to .* goes through it/);

  heading("Destroy: everything is given back");
  await project.pulumi(["destroy", "--yes", "--skip-preview"]);
  assert.deepEqual(await Promise.all(hosts.map(picture)), before, "a host is not as it was");
  console.log(pc.green("\nBoth hosts are as they were: drivers and VM configurations, byte for byte."));

  heading("On your own host");
  console.log(`  host = { address: "your-xen-host", user: "root" }   an alias of ~/.ssh/config works, too
  The same program is examples/quickstart: pulumi config set host … , device … , vm … ; then pulumi preview.`);
}

async function main() {
  const engine = await findEngine(machineSurroundings(CHECKOUT));
  if (!engine) throw new Error("no Pulumi engine: run `npm run demo`, which makes one ready");
  // Built by ready.js: plain Node knows no TypeScript.
  const { startSimulatedHost } = require("../dist/simulator");
  /** @type {SimulatedHost[]} */
  const hosts = await Promise.all(["xen1", "xen2"].map((name) => startSimulatedHost({ name, profile: "debian-xl" })));
  const project = new Project(engine.bin);
  const clear = () => project.remove();
  process.once("exit", clear);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  try {
    await play(hosts, project);
  } finally {
    await Promise.all(hosts.map((host) => host.stop()));
  }
}

main().catch((error) => {
  console.error(pc.red(`\nThe demo did not go as it should: ${error.stack ?? error}`));
  process.exitCode = 1;
});
