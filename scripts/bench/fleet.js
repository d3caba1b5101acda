// @ts-check
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { runCommand } = require("../command.js");
const { ansibleCommand } = require("./contenders/ansible.js");
const { pyinfraCommand } = require("./contenders/pyinfra.js");
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
  const sshConfig = path.join(folder, "ssh_config");
  const hosts = writeSshConfig(sshConfig, replayed.logins);
  const timed = async (
    /** @type {string} */ contender,
    /** @type {string} */ what,
    /** @type {() => Promise<unknown>} */ run,
  ) => {
    const start = performance.now();
    await run();
    tell({ contender, what, hosts: HOSTS, seconds: (performance.now() - start) / 1000 });
  };
  const command = "lspci -D";
  const commands = {
    [`xargs -P ${SIDE_BY_SIDE} ssh`]: async () => () =>
      runCommand("sh", [
        "-c",
        `printf '%s\\n' ${hosts.join(" ")} | xargs -P ${SIDE_BY_SIDE} -I {} ssh -F ${sshConfig} {} '${command}'`,
      ]),
    [CONTENDERS.pyinfra]: async () => {
      const run = await pyinfraCommand(folder, sshConfig, hosts);
      return () => run(["exec", "--", command]);
    },
    [CONTENDERS.ansible]: async () => {
      const run = await ansibleCommand(folder, sshConfig, hosts);
      return () => run(["adhoc", "all", "-f", SIDE_BY_SIDE, "-m", "raw", "-a", command]);
    },
  };
  try {
    for (const [contender, prepare] of Object.entries(commands))
      await prepare()
        .then((run) => timed(contender, "one command", run))
        .catch((error) => leaveOut(`${contender}, on ${HOSTS} hosts: ${error.message}`));
    for (const provider of /** @type {const} */ (["floor", "dynamic", "plugin"])) {
      const devices = [{ device: DEVICES[0] ?? "" }];
      const project = new BenchProject(engine, assignableProgram(PACKAGES[provider], replayed.logins, devices));
      try {
        await project.pulumi(["stack", "init"]);
        for (const what of ["first up", "no-change up"])
          await timed(CONTENDERS[provider], what, () => project.pulumi(["up", "--yes", "--skip-preview"]));
        // A device belongs to one stack.
        await project.pulumi(["destroy", "--yes", "--skip-preview"]);
      } finally {
        project.remove();
      }
    }
  } finally {
    replayed.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { measureFleet };
