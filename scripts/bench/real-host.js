// @ts-check
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
require("../../test/lab/typescript.js");
const { bootLab } = require("../../test/lab/lab-host");
const { writeSshConfig } = require("./ssh-config.js");

/** A real Xen host under QEMU's emulation, the one of `npm run lab`. */
class RealHost {
  /** Throws where this machine cannot boot one. @param {(line: string) => void} say */
  static async boot(say) {
    const real = new RealHost(await bootLab({ say }));
    try {
      await real.output("modprobe xen-pciback");
      real.ofCounting = (await real.measure(async () => {})).processes;
      return real;
    } catch (error) {
      await real.stop();
      throw error;
    }
  }

  /** How many processes it takes to count them. */
  ofCounting = 0;

  /** @param {import("../../test/contract/test-host").TestHost} host */
  constructor(host) {
    this.host = host;
    const { address, port, user, identityFile, hostKey } = host;
    this.login = { address, port, user, identityFile, hostKey };
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "pci-passthrough-bench-real-"));
    this.sshConfig = path.join(this.folder, "ssh_config");
    writeSshConfig(this.sshConfig, [this.login]);
  }

  /** What a command prints, over a connection that stays open. Throws when it fails. @param {string} command */
  async output(command) {
    const { exitCode, stdout, stderr } = await this.host.exec(command);
    if (exitCode !== 0) throw new Error(`\`${command}\` ended with exit code ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  }

  /**
   * Runs something, and tells its seconds and how many processes and threads the host has started meanwhile.
   *
   * @template Result
   * @param {() => Promise<Result>} run
   */
  async measure(run) {
    const before = await this.processes();
    const start = process.hrtime.bigint();
    const result = await run();
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    const processes = (await this.processes()) - before - this.ofCounting;
    return { result, seconds, processes };
  }

  /** How many the host has started since it booted (proc(5), /proc/stat). */
  async processes() {
    return Number(
      await this.output("while read -r name count; do [ $name != processes ] || echo $count; done < /proc/stat"),
    );
  }

  async stop() {
    await this.host.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

module.exports = { RealHost };
