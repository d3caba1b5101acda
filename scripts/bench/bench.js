#!/usr/bin/env node
// @ts-check
/**
 * What this provider costs beside one that does nothing, in the same run, on replayed hosts. Writes docs/performance.md,
 * its curves and docs/performance.json. `npm run bench -- 64 512` measures these sizes alone, and writes nothing.
 */
const fs = require("node:fs");
const path = require("node:path");
const { findEngine, machineSurroundings } = require("../engine.js");
const { goalsOf } = require("./goals.js");
const { measure, OPERATIONS } = require("./measure.js");
const { report } = require("./report.js");

const CHECKOUT = path.resolve(__dirname, "../..");

const everything = /** @type {(keyof typeof OPERATIONS)[]} */ (Object.keys(OPERATIONS));
const preview = [/** @type {const} */ ("preview")];

const SIZES = [
  { resources: 1, hosts: 1, latencyMs: 0, operations: everything },
  { resources: 64, hosts: 8, latencyMs: 0, operations: everything },
  { resources: 512, hosts: 64, latencyMs: 0, operations: everything },
  // The engine writes the whole state after each resource: an up of these would be minutes of that.
  { resources: 2048, hosts: 256, latencyMs: 0, operations: preview },
  { resources: 1, hosts: 1, latencyMs: 200, operations: preview },
  { resources: 256, hosts: 256, latencyMs: 200, operations: preview },
];

async function main() {
  const engine = await findEngine(machineSurroundings(CHECKOUT));
  if (!engine) throw new Error("no Pulumi engine: run `node scripts/ready.js engine`");
  const asked = process.argv.slice(2).map(Number);
  /** @type {import("./measure.js").Measured[]} */
  const runs = [];
  for (const size of SIZES.filter(({ resources }) => asked.length === 0 || asked.includes(resources)))
    await measure(engine.bin, size, (run) => {
      runs.push(run);
      console.log(lineOf(run));
    });
  for (const { what, most, measured } of goalsOf(runs))
    console.log(`${measured <= most ? "met   " : "missed"} ${what}: ${measured.toFixed(2)} of at most ${most}`);
  if (asked.length > 0) return;
  const files = {
    ...report(runs, engine.version),
    "performance.json": `[\n${runs.map((run) => JSON.stringify(run)).join(",\n")}\n]\n`,
  };
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(CHECKOUT, "docs", name), text);
}

/** @param {import("./measure.js").Measured} run */
function lineOf({ resources, hosts, latencyMs, operation, provider, seconds, usage, stateBytes, counts }) {
  const used = Object.entries(usage).map(([part, { cpu, mib }]) => `${part} ${cpu.toFixed(1)} s ${mib.toFixed(0)} MiB`);
  const on = `${resources} on ${hosts}, ${latencyMs} ms: ${operation}, ${provider}: ${seconds.toFixed(1)} s`;
  const { connections, scripts, bytes } = counts;
  return `${on}; ${used.join(", ")}; state ${stateBytes}; ${connections} connections, ${scripts} scripts, ${bytes} bytes`;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
