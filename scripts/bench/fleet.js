// @ts-check
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { runCommand } = require("../command.js");
const { ansibleCommand } = require("./contenders/ansible.js");
const { pyinfraCommand } = require("./contenders/pyinfra.js");
const { OPERATIONS } = require("./measure.js");
const { assignableProgram } = require("./programs.js");
const { BenchProject, PACKAGES } = require("./project.js");
const { DEVICES } = require("./replayed-host.js");
const { ReplayedHosts } = require("./replayed-hosts.js");
const { CONTENDERS } = require("./contenders/names.js");
const { writeSshConfig } = require("./ssh-config.js");

/**
 * Something that is done to all hosts of a fleet.
 *
 * @typedef {object} FleetRun
 * @property {string} contender
 * @property {string} what
 * @property {number} hosts
 * @property {number} seconds
 */

const HOSTS = 64;
/** All hosts at the same time, where a tool must be told. */
const SIDE_BY_SIDE = String(HOSTS);

/** The command that tools run on each host. */
const COMMAND = "lspci -D";

/**
 * One command on each host by tools that run commands, and a device of each host by Pulumi.
 *
 * @param {string} engine folder of the Pulumi engine
 * @param {(run: FleetRun) => void} tell called after each
 * @param {(why: string) => void} leaveOut called for what cannot be had here, or fails
 */
async function measureFleet(engine, tell, leaveOut) {
  const replayed = await ReplayedHosts.start(HOSTS, 0);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pci-passthrough-bench-fleet-"));
  try {
    for (const [contender, prepare] of Object.entries(TOOLS))
      await prepare(folder, replayed.logins)
        .then((run) => timed({ contender, what: "one command" }, run, tell))
        .catch((error) => leaveOut(`${contender}, on ${HOSTS} hosts: ${error.message}`));
    for (const provider of /** @type {const} */ (["floor", "dynamic", "plugin"])) {
      const program = assignableProgram(PACKAGES[provider], replayed.logins, [{ device: DEVICES[0] ?? "" }]);
      await measureStack(CONTENDERS[provider], new BenchProject(engine, program), tell);
    }
  } finally {
    replayed.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What runs the command on all hosts, once all is prepared in a folder.
 *
 * @type {Readonly<Record<string, (folder: string, logins: readonly import("./project.js").Login[]) => Promise<() => Promise<unknown>>>>}
 */
const TOOLS = {
  async [`xargs -P ${SIDE_BY_SIDE} ssh`](folder, logins) {
    const { sshConfig, hosts } = inSshConfig(folder, logins);
    const list = path.join(folder, "hosts");
    fs.writeFileSync(list, `${hosts.join("\n")}\n`);
    const words = ["-a", list, "-P", SIDE_BY_SIDE, "-I", "{}", "ssh", "-F", sshConfig, "{}", COMMAND];
    return () => runCommand("xargs", words);
  },
  async [CONTENDERS.pyinfra](folder, logins) {
    const { sshConfig, hosts } = inSshConfig(folder, logins);
    const run = await pyinfraCommand(folder, sshConfig, hosts);
    return () => run(["exec", "--", COMMAND]);
  },
  async [CONTENDERS.ansible](folder, logins) {
    const { sshConfig, hosts } = inSshConfig(folder, logins);
    const run = await ansibleCommand(folder, sshConfig, hosts);
    return () => run(["adhoc", "all", "-f", SIDE_BY_SIDE, "-m", "raw", "-a", COMMAND]);
  },
};

/** @param {string} folder @param {readonly import("./project.js").Login[]} logins */
function inSshConfig(folder, logins) {
  const sshConfig = path.join(folder, "ssh_config");
  return { sshConfig, hosts: writeSshConfig(sshConfig, logins) };
}

/** @param {string} contender @param {BenchProject} project @param {(run: FleetRun) => void} tell */
async function measureStack(contender, project, tell) {
  try {
    await project.pulumi(["stack", "init"]);
    for (const what of /** @type {const} */ (["first up", "no-change up"]))
      await timed({ contender, what }, () => project.pulumi(OPERATIONS[what]), tell);
    // A device belongs to one stack.
    await project.pulumi(OPERATIONS.destroy);
  } finally {
    project.remove();
  }
}

/** @param {Pick<FleetRun, "contender" | "what">} named @param {() => Promise<unknown>} run @param {(run: FleetRun) => void} tell */
async function timed(named, run, tell) {
  const start = performance.now();
  await run();
  tell({ ...named, hosts: HOSTS, seconds: (performance.now() - start) / 1000 });
}

module.exports = { measureFleet };
