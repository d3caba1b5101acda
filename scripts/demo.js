#!/usr/bin/env node
// @ts-check
/**
 * Shows on two simulated hosts what a user would see on real ones; with the name of an example, runs that on simulated
 * hosts. Ends with 0 only when everything went as it says.
 */
const assert = require("node:assert/strict");
const path = require("node:path");
const pc = require("picocolors");
const { DemoProject } = require("./demo-project.js");
const { findEngine, machineSurroundings } = require("./engine.js");
const { EXAMPLES } = require("./examples.js");

const NIC = "0000:01:00.0";
const MANAGEMENT_NIC = "0000:00:03.0";
const USB = "0000:02:00.0";
const VM_CONFIG = "/etc/xen/web1.cfg";
const BEFORE_US = `/var/lib/pulumi-pci-passthrough/before${VM_CONFIG}`;

// As a program would have it; that the hosts are on other ports of this machine stands in the demo's ~/.ssh/config.
const program = (/** @type {SimulatedHost} */ xen1, /** @type {SimulatedHost} */ xen2) => `\
const pci = require("pulumi-pci-passthrough");
const xen1 = { address: "xen1", hostKey: "${xen1.hostKey}" };
const xen2 = { address: "xen2", hostKey: "${xen2.hostKey}" };

const nic = new pci.AssignableDevice("nic", { host: xen1, device: "${NIC}" });
new pci.VmPciAttachment("nic-of-web1", { host: xen1, device: nic.device, vm: "web1" });

new pci.AssignableDevice("usb", { host: xen2, device: "${USB}" });
`;

/** @typedef {import("../simulator").SimulatedHost} SimulatedHost */

/** @param {string} text */
function heading(text) {
  console.log(`\n${pc.bold(pc.cyan(`── ${text}`))}`);
}

/** A section of ~/.ssh/config. @param {SimulatedHost} host */
function sshConfig({ name, address, port, user, identityFile }) {
  return `Host ${name}\n  HostName ${address}\n  Port ${port}\n  User ${user}\n  IdentityFile ${identityFile}\n`;
}

/** Runs a command on the host past SSH and past the product. @param {SimulatedHost} host @param {string} command */
async function ask(host, command) {
  const { exitCode, stdout, stderr } = await host.exec(command);
  assert.equal(exitCode, 0, `${command} on ${host.name}: ${stderr}`);
  return stdout.trimEnd();
}

/** @param {SimulatedHost} host @param {string} command */
async function show(host, command) {
  console.log(pc.dim(`${host.name}# ${command}`));
  const printed = (await host.exec(command)).stdout.trimEnd();
  console.log(printed);
  return printed;
}

/**
 * All that must be as before in the end: the driver of every device, and the name and bytes of every file.
 *
 * @param {readonly SimulatedHost[]} hosts
 */
async function picture(hosts) {
  const drivers = 'for one in /sys/bus/pci/devices/*; do echo "$one $(readlink "$one/driver")"; done';
  return Promise.all(
    hosts.map(async (host) => {
      const files = (await ask(host, "find /boot /etc /root /var/lib -type f")).split("\n");
      const folders = await ask(host, "find /boot /etc /root /var/lib -type d");
      return {
        host: host.name,
        drivers: await ask(host, drivers),
        folders,
        files: Object.fromEntries(files.map((file) => [file, host.readFile(file)])),
      };
    }),
  );
}

/**
 * @param {SimulatedHost} xen1
 * @param {SimulatedHost} xen2
 * @param {DemoProject} project
 */
async function play(xen1, xen2, project) {
  const hosts = [xen1, xen2];
  const before = await picture(hosts);
  project.write("home/.ssh/config", hosts.map(sshConfig).join(""));
  const source = program(xen1, xen2);
  project.write("index.js", source);
  await project.createStack();

  heading("The program, for two simulated hosts");
  console.log(source.trimEnd());

  heading("Preview: every effect on each host");
  const preview = await project.pulumi(["preview"]);
  assert.equal(preview.exitCode, 0, "the preview failed");
  assert.match(preview.output, /\+ 4 to create/);
  assert.deepEqual(await picture(hosts), before, "the preview changed a host");
  console.log(pc.green("Compared: nothing on the hosts has changed."));

  heading("Up: done under a lock on the host, and read back");
  const up = await project.pulumi(["up", "--yes", "--skip-preview"]);
  assert.equal(up.exitCode, 0, "up failed");

  heading("What changed, asked of xen1 itself");
  assert.match(await show(xen1, `readlink /sys/bus/pci/devices/${NIC}/driver`), /\/pciback$/);
  assert.equal(await show(xen1, "xl pci-assignable-list"), NIC);
  assert.match(await show(xen1, `diff -u ${BEFORE_US} ${VM_CONFIG}`), /^\+pci = \[ '0000:01:00\.0' \]$/m);
  const applied = await picture(hosts);
  assert.notDeepEqual(applied, before);

  heading("The NIC that carries the SSH session? Refused in preview");
  project.write("index.js", source.replace(NIC, MANAGEMENT_NIC));
  const refused = await project.pulumi(["preview"]);
  assert.notEqual(refused.exitCode, 0, "the preview was not refused");
  assert.match(refused.output, /the SSH session to .* goes through it/);
  assert.deepEqual(await picture(hosts), applied, "the refused preview changed a host");
  console.log(pc.green(`Exit code ${refused.exitCode}. Compared: nothing on the hosts has changed.`));

  heading("Destroy: everything is given back");
  const destroy = await project.pulumi(["destroy", "--yes", "--skip-preview"]);
  assert.equal(destroy.exitCode, 0, "destroy failed");
  const after = await picture(hosts);
  assert.deepEqual(after, before, "a host is not as it was");
  const count = after.reduce((sum, { files }) => sum + Object.keys(files).length, 0);
  console.log(pc.green(`Compared: every driver is what it was, and ${count} files are the same byte for byte.`));

  heading("On your own host");
  console.log(`examples/quickstart is such a program. In this folder, with Pulumi on PATH:
  pulumi stack init dev
  pulumi config set --path host.address your-xen-host   # also an alias of ~/.ssh/config
  pulumi config set device 0000:04:00.0
  pulumi config set vm web1
  pulumi preview`);
}

/**
 * One of examples/, from preview to destroy.
 *
 * @param {readonly SimulatedHost[]} hosts
 * @param {DemoProject} project
 * @param {import("./examples.js").Example} example
 */
async function playExample(hosts, project, { name, config }) {
  project.write("home/.ssh/config", hosts.map(sshConfig).join(""));
  project.copy(name);
  const logins = hosts.map((host) => ({ address: host.name, hostKey: host.hostKey }));
  const settings = Object.entries(config(logins));
  if (name === "automation") {
    const env = Object.fromEntries(settings.map(([key, value]) => [key, String(value)]));
    const { exitCode } = await project.run(process.execPath, ["index.js"], (line) => console.log(line), env);
    assert.equal(exitCode, 0, "the program failed");
    return;
  }
  await project.createStack();
  const namespaced = settings.map(([key, value]) => [`pci-passthrough-${name}:${key}`, value]);
  project.append("Pulumi.demo.yaml", `config: ${JSON.stringify(Object.fromEntries(namespaced))}\n`);
  for (const words of [["preview"], ["up", "--yes", "--skip-preview"], ["destroy", "--yes", "--skip-preview"]])
    assert.equal((await project.pulumi(words)).exitCode, 0, `pulumi ${words[0]} failed`);
}

/** The example that the command line names; undefined without one. */
function wantedExample() {
  const [name] = process.argv.slice(2);
  if (name === undefined) return undefined;
  const example = EXAMPLES.find((known) => known.name === name);
  if (example) return example;
  console.error(`There is no example "${name}". There are: ${EXAMPLES.map((known) => known.name).join(", ")}`);
  process.exit(2);
}

async function main() {
  const example = wantedExample();
  const engine = await findEngine(machineSurroundings(path.dirname(__dirname)));
  if (!engine) throw new Error("no Pulumi engine: run `npm run demo`, which makes one ready");
  // Built by ready.js: plain Node knows no TypeScript.
  const { startSimulatedHost } = require("../dist/simulator");
  const interrupted = new AbortController();
  const project = new DemoProject(engine.bin, interrupted.signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
      interrupted.abort();
      project.interrupt();
    });
  /** @type {SimulatedHost[]} */
  const hosts = [];
  try {
    const wanted = example?.hosts ?? ["xen1", "xen2"].map((name) => ({ name, profile: "debian-xl" }));
    for (const host of wanted) hosts.push(await startSimulatedHost(host));
    const [xen1, xen2] = hosts;
    if (example) await playExample(hosts, project, example);
    else if (xen1 && xen2) await play(xen1, xen2, project);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    project.remove();
    await Promise.all(hosts.map((host) => host.stop()));
  }
}

main().catch((error) => {
  console.error(pc.red(`\nThe demo did not go as it should: ${error.stack ?? error}`));
  process.exitCode = 1;
});
