#!/usr/bin/env node
// @ts-check
/** How long the real engine takes to preview many simulated hosts that each answer late. Prints figures; judges nothing. */
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { findEngine, machineSurroundings } = require("./engine.js");

const CHECKOUT = path.dirname(__dirname);
const RUNS = 3;

/** @param {readonly import("../simulator").SimulatedHost[]} hosts */
function program(hosts) {
  const args = hosts.map(({ address, port, user, identityFile, hostKey }) => ({
    address,
    port,
    user,
    identityFile,
    hostKey,
  }));
  return `const pci = require("pulumi-pci-passthrough");
${JSON.stringify(args)}.forEach((host, at) => new pci.AssignableDevice("nic" + at, { host, device: "01:00.0" }));\n`;
}

async function main() {
  // The package as its users load it: only the build has JavaScript.
  const { startSimulatedHost } = require("../dist/simulator");
  const engine = await findEngine(machineSurroundings(CHECKOUT));
  if (!engine) throw new Error("no Pulumi engine: run `node scripts/ready.js engine`");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pci-passthrough-bench-"));
  const modules = path.join(folder, "node_modules");
  fs.mkdirSync(path.join(folder, "state"), { recursive: true });
  fs.mkdirSync(modules);
  fs.symlinkSync(CHECKOUT, path.join(modules, "pulumi-pci-passthrough"));
  fs.symlinkSync(path.join(CHECKOUT, "node_modules/@pulumi"), path.join(modules, "@pulumi"));
  fs.writeFileSync(
    path.join(folder, "Pulumi.yaml"),
    "name: bench\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
  );
  fs.writeFileSync(path.join(folder, "package.json"), '{ "name": "bench" }\n');
  const env = {
    ...process.env,
    PATH: `${engine.bin}${path.delimiter}${process.env.PATH}`,
    PULUMI_HOME: path.join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  /** @param {readonly string[]} words */
  const pulumi = (words) =>
    spawnSync("pulumi", [...words, "--non-interactive"], { cwd: folder, env, encoding: "utf8" });
  pulumi(["stack", "init", "bench"]);
  try {
    for (const [count, latencyMs] of [
      [0, 0],
      [1, 0],
      [32, 0],
      [32, 500],
    ]) {
      const names = Array.from({ length: count ?? 0 }, (_, at) => `xen${at}`);
      const hosts = await Promise.all(
        names.map((name) => startSimulatedHost({ name, profile: "debian-xl", latencyMs: latencyMs ?? 0 })),
      );
      fs.writeFileSync(path.join(folder, "index.js"), program(hosts));
      const seconds = [];
      for (let run = 0; run < RUNS; run++) seconds.push(await timed(env, folder));
      await Promise.all(hosts.map((host) => host.stop()));
      seconds.sort((a, b) => a - b);
      console.log(
        `preview of ${count} hosts that answer after ${latencyMs} ms: ${seconds.map((one) => one.toFixed(2)).join(" ")} s`,
      );
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The simulated hosts live in this process, so the engine must not block it.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} cwd
 * @returns {Promise<number>}
 */
function timed(env, cwd) {
  const { spawn } = require("node:child_process");
  const start = process.hrtime.bigint();
  const child = spawn("pulumi", ["preview", "--non-interactive", "--stack", "bench"], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      if (code === 0) resolve(Number(process.hrtime.bigint() - start) / 1e9);
      else reject(new Error(said));
    });
  });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
