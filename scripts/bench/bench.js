#!/usr/bin/env node
// @ts-check
/**
 * What this provider costs: beside one that does nothing, on replayed hosts; beside what people use, on a fleet of them and
 * on a real host; and what a host is asked. Writes docs/performance.md, its curves and docs/performance.json.
 * `npm run bench -- 64 512` or `npm run bench -- real facts` measures these sizes or parts alone, and writes nothing.
 */
const fs = require("node:fs");
const path = require("node:path");
const { findEngine, machineSurroundings } = require("../engine.js");
const { compare } = require("./compare.js");
const { measureFacts } = require("./facts.js");
const { measureFleet } = require("./fleet.js");
const { goalsOf } = require("./goals.js");
const { measure, OPERATIONS } = require("./measure.js");
const { RealHost } = require("./real-host.js");
const { report } = require("./report.js");

const CHECKOUT = path.resolve(__dirname, "../..");

/** @typedef {import("./measure.js").Size} Size */

/** @type {Pick<Size, "operations" | "providers">} */
const everything = {
  operations: /** @type {(keyof typeof OPERATIONS)[]} */ (Object.keys(OPERATIONS)),
  providers: ["floor", "dynamic", "plugin"],
};
/** @type {Pick<Size, "operations" | "providers">} */
const previews = { operations: ["preview"], providers: ["floor", "dynamic"] };

/** @type {readonly Size[]} */
const SIZES = [
  { resources: 1, hosts: 1, latencyMs: 0, ...everything },
  { resources: 64, hosts: 8, latencyMs: 0, ...everything },
  { resources: 512, hosts: 64, latencyMs: 0, ...everything },
  // The engine writes the whole state after each resource: an up of these would be minutes of that.
  { resources: 2048, hosts: 256, latencyMs: 0, ...previews },
  { resources: 64, hosts: 8, latencyMs: 20, ...everything },
  { resources: 1, hosts: 1, latencyMs: 200, ...previews },
  { resources: 256, hosts: 256, latencyMs: 200, ...previews },
];

const PARTS = /** @type {const} */ (["replayed", "fleet", "real", "facts"]);

/**
 * All that was measured in a run, by part.
 *
 * @typedef {object} Results
 * @property {import("./measure.js").Measured[]} replayed
 * @property {import("./fleet.js").FleetRun[]} fleet
 * @property {import("./compare.js").Compared[]} real
 * @property {import("./facts.js").FactsCost[]} facts
 * @property {string[]} leftOut what could not be measured on this machine, and why
 */

/** @param {readonly string[]} words */
async function main(words) {
  const sizes = words.map(Number).filter((size) => SIZES.some(({ resources }) => resources === size));
  const parts = PARTS.filter((part) => words.length === 0 || words.includes(part) || (part === "replayed" && sizes[0]));
  if (words.some((word) => !PARTS.some((part) => part === word) && !sizes.includes(Number(word))))
    throw new Error(`usage: npm run bench [-- ${PARTS.join(" | ")} | <resources> …]`);
  const engine = await findEngine(machineSurroundings(CHECKOUT));
  if (!engine) throw new Error("no Pulumi engine: run `node scripts/ready.js engine`");

  /** @type {Results} */
  const results = { replayed: [], fleet: [], real: [], facts: [], leftOut: [] };
  /** @type {<Run>(runs: Run[], lineOf: (run: Run) => string) => (run: Run) => void} */
  const into = (runs, lineOf) => (run) => {
    runs.push(run);
    console.log(lineOf(run));
  };
  const leaveOut = into(results.leftOut, (why) => `left out: ${why}`);
  const leaveOutAs = (/** @type {string} */ what) => (/** @type {Error} */ error) =>
    leaveOut(`${what}: ${error.message}`);

  if (parts.includes("replayed"))
    for (const size of SIZES.filter(({ resources }) => sizes.length === 0 || sizes.includes(resources)))
      await measure(engine.bin, size, into(results.replayed, lineOf));
  if (parts.includes("fleet"))
    await measureFleet(engine.bin, into(results.fleet, lineOfFleet), leaveOut).catch(leaveOutAs("the fleet"));
  if (parts.includes("real") || parts.includes("facts")) {
    const say = (/** @type {string} */ line) => console.error(line);
    const host = await RealHost.boot(say).catch(leaveOutAs("the real host"));
    try {
      if (host && parts.includes("real")) await compare(host, engine.bin, into(results.real, lineOfReal), leaveOut);
      if (host && parts.includes("facts"))
        await measureFacts(host, into(results.facts, JSON.stringify)).catch(leaveOutAs("what a host is asked"));
    } finally {
      await host?.stop();
    }
  }

  for (const { what, most, measured } of goalsOf(results))
    console.log(`${measured <= most ? "met   " : "missed"} ${what}: ${measured.toFixed(2)} of at most ${most}`);
  if (words.length > 0) return;
  for (const [name, text] of Object.entries(report(results, engine.version)))
    fs.writeFileSync(path.join(CHECKOUT, "docs", name), text);
}

/** @param {import("./measure.js").Measured} run */
function lineOf({ resources, hosts, latencyMs, operation, provider, seconds, usage, stateBytes, counts }) {
  const used = Object.entries(usage).map(([part, { cpu, mib }]) => `${part} ${cpu.toFixed(1)} s ${mib.toFixed(0)} MiB`);
  const on = `${resources} on ${hosts}, ${latencyMs} ms: ${operation}, ${provider}: ${seconds.toFixed(1)} s`;
  const { connections, scripts, bytes } = counts;
  return `${on}; ${used.join(", ")}; state ${stateBytes}; ${connections} connections, ${scripts} scripts, ${bytes} bytes`;
}

/** @param {import("./fleet.js").FleetRun} run */
function lineOfFleet({ contender, what, hosts, seconds }) {
  return `${hosts} hosts: ${what}, ${contender}: ${seconds.toFixed(1)} s`;
}

/** @param {import("./compare.js").Compared} run */
function lineOfReal({ contender, operation, seconds, processes }) {
  return `real host: ${operation}, ${contender}: ${seconds.toFixed(1)} s, ${processes} processes`;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
