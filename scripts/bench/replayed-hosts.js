// @ts-check
const { fork } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/** Replayed hosts, all in one process of their own. */
class ReplayedHosts {
  /** @param {number} hosts how many @param {number} latencyMs how long each answer waits */
  static async start(hosts, latencyMs) {
    const child = fork(path.join(__dirname, "serve-hosts.js"), { stdio: "inherit" });
    child.send({ hosts, latencyMs });
    const [{ ports, privateKey, hostKey }] = await once(child, "message");
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pci-passthrough-bench-key-"));
    const identityFile = path.join(folder, "id_ed25519");
    fs.writeFileSync(identityFile, privateKey, { mode: 0o600 });
    const login = (/** @type {number} */ port) => ({ address: "127.0.0.1", port, user: "root", identityFile, hostKey });
    return new ReplayedHosts(child, folder, ports.map(login));
  }

  /**
   * @param {import("node:child_process").ChildProcess} child
   * @param {string} folder
   * @param {readonly import("./project.js").Login[]} logins
   */
  constructor(child, folder, logins) {
    this.child = child;
    this.folder = folder;
    this.logins = logins;
  }

  /** What was done with all of them since the last call. @returns {Promise<import("./serve-hosts.js").Counts>} */
  async counts() {
    this.child.send("counts");
    const [counts] = await once(this.child, "message");
    return counts;
  }

  stop() {
    this.child.kill();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

module.exports = { ReplayedHosts };
