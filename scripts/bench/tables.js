// @ts-check
const { OPERATIONS } = require("./contenders/operations.js");
const { pairsOf } = require("./goals.js");

/** @typedef {import("./measure.js").Measured} Measured */

/** @param {readonly import("./goals.js").Goal[]} goals */
function goalsTable(goals) {
  const rows = goals.map(({ what, most, measured }) => [
    measured <= most ? "met" : "**missed**",
    what,
    String(most),
    measured.toFixed(2),
  ]);
  return table(["", "goal", "at most", "measured"], rows);
}

/** @param {readonly import("./compare.js").Compared[]} runs */
function realTable(runs) {
  const contenders = [...new Set(runs.map(({ contender }) => contender))];
  const rows = contenders.map((contender) => [
    contender,
    ...OPERATIONS.map((operation) => {
      const run = runs.find((each) => each.contender === contender && each.operation === operation);
      return run ? `${run.seconds.toFixed(1)} (${run.processes})` : "failed";
    }),
  ]);
  return table(["", ...OPERATIONS], rows);
}

/** @param {readonly import("./fleet.js").FleetRun[]} runs */
function fleetTable(runs) {
  return table(
    ["", "", "s"],
    runs.map(({ contender, what, seconds }) => [contender, what, seconds.toFixed(1)]),
  );
}

/** @param {readonly import("./facts.js").FactsCost[]} costs */
function factsTable(costs) {
  const cell = (/** @type {{ seconds: number, processes: number }} */ { seconds, processes }) =>
    `${seconds.toFixed(1)} (${processes})`;
  const rows = costs.map(({ functions, script, lspci, bytes, readingMs }) => [
    String(functions),
    cell(lspci),
    cell(script),
    (bytes / 1024).toFixed(0),
    readingMs.toFixed(0),
  ]);
  return table(["PCI functions", "lspci, s (processes)", "all facts, s (processes)", "KiB", "ms to read them"], rows);
}

/** @param {readonly Measured[]} runs */
function runsTable(runs) {
  const rows = pairsOf(runs).map(({ product, floor }) => {
    const cell = (/** @type {(run: Measured) => string} */ of) => `${of(floor)} → ${of(product)}`;
    const { connections, scripts, bytes } = product.counts;
    return [
      `${product.resources} on ${product.hosts}, ${product.latencyMs} ms`,
      product.operation,
      product.provider,
      cell(({ seconds }) => seconds.toFixed(1)),
      cell((run) => byProcess(run, ({ cpu }) => cpu.toFixed(1))),
      cell((run) => byProcess(run, ({ mib }) => mib.toFixed(0))),
      cell(({ stateBytes }) => stateBytes.toLocaleString("en")),
      `${connections} / ${scripts} / ${Math.round(bytes / product.hosts / 1024)}`,
    ];
  });
  const heads = ["s", "CPU s", "MiB at most", "bytes of state", "connections / scripts / KiB a host"];
  return table(["resources on hosts that answer after", "run", "provider", ...heads], rows);
}

/** @param {Measured} run @param {(used: { cpu: number, mib: number }) => string} of */
function byProcess({ usage: { cli, program, provider } }, of) {
  return [cli, program, provider].map(of).join(" / ");
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

module.exports = { factsTable, fleetTable, goalsTable, realTable, runsTable };
