// @ts-check
/**
 * The process of the replayed hosts: each listens on a port of its own on the loopback interface. Told how many and how
 * slow they are, it says how to log in to them; asked for them, it sends the counts of all together.
 */
const { once } = require("node:events");
const { setTimeout: delay } = require("node:timers/promises");
const { Server } = require("ssh2");
const { makeKeyPair } = require("../../dist/simulator/key-pair");
const { hostKeyFingerprint } = require("../../dist/simulator/server");
const { ReplayedHost, recordAnswers } = require("./replayed-host.js");

/**
 * Connections, scripts, and bytes of scripts and answers.
 *
 * @typedef {{ connections: number, scripts: number, bytes: number }} Counts
 */

/** How the provider has a host run a script (provider/host/script-run.ts). */
const SCRIPT_COMMAND = "/bin/sh -s -- ";

/** @type {Counts} */
const counts = { connections: 0, scripts: 0, bytes: 0 };

/** @param {ReplayedHost} host @param {string} key private key of the host @param {number} latencyMs */
async function serve(host, key, latencyMs) {
  const server = new Server({ hostKeys: [key] }, (connection) => {
    counts.connections += 1;
    connection.on("error", () => {});
    connection.on("authentication", (attempt) =>
      attempt.method === "publickey" ? attempt.accept() : attempt.reject(["publickey"]),
    );
    connection.on("session", (accept) => {
      const session = accept();
      session.on("pty", (acceptTerminal) => acceptTerminal?.());
      session.on("exec", (acceptExec, _, { command }) => {
        counts.scripts += 1;
        const run = command.includes(SCRIPT_COMMAND) ? runScript : runCommand;
        void run(host, acceptExec(), latencyMs);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

/** A command of another tool: whatever it asks, all PCI functions are the answer. @type {typeof runScript} */
async function runCommand(host, channel, latencyMs) {
  await delay(latencyMs);
  channel.write(Buffer.from(host.recorded.get("pci_devices")?.text ?? "", "latin1"));
  channel.exit(0);
  channel.end();
}

/** @param {ReplayedHost} host @param {import("ssh2").ServerChannel} channel @param {number} latencyMs */
async function runScript(host, channel, latencyMs) {
  const print = (/** @type {string} */ text) => {
    counts.bytes += text.length;
    channel.write(Buffer.from(text, "latin1"));
  };
  let input = "";
  let waiting = false;
  const ended = once(channel, "end");
  channel.on("data", async (/** @type {Buffer} */ data) => {
    input += data.toString("latin1");
    counts.bytes += data.length;
    // The opening of a dialogue ends with a line that reads the rest.
    if (waiting || !/^receive \d+; .*exit\n/m.test(input)) return;
    waiting = true;
    await delay(latencyMs);
    print(`${startOf(input)}${host.facts()}@apply waiting\n`);
  });
  await ended;
  await delay(latencyMs);
  const [, rest] = /^receive \d+; .*exit\n([\s\S]*)/m.exec(input) ?? [];
  if (rest === undefined) print(`${startOf(input)}${host.facts()}`);
  else print(rest === "" ? "@apply called-off\n" : host.apply(rest));
  channel.exit(0);
  channel.end();
}

/** What the first line of every script prints as root. @param {string} script */
function startOf(script) {
  return `${/echo '(.* root)'/.exec(script)?.[1]}\n`;
}

process.on("message", async (/** @type {{ hosts: number, latencyMs: number } | "counts"} */ asked) => {
  if (asked === "counts") {
    process.send?.(counts);
    Object.assign(counts, { connections: 0, scripts: 0, bytes: 0 });
    return;
  }
  const recorded = await recordAnswers();
  const [login, host] = [makeKeyPair(), makeKeyPair()];
  const names = Array.from({ length: asked.hosts }, (_, index) => `host${index}`);
  const ports = await Promise.all(
    names.map((name) => serve(new ReplayedHost(recorded, name), host.private, asked.latencyMs)),
  );
  process.send?.({ ports, privateKey: login.private, hostKey: hostKeyFingerprint(host.private) });
});
