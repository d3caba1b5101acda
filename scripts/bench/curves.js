// @ts-check
const { curvesSvg } = require("./curve.js");
const { cpuOf, pairsOf } = require("./goals.js");

/** @typedef {import("./measure.js").Measured} Measured */

/** @param {readonly Measured[]} runs */
function cpuCurves(runs) {
  return replayedCurves("CPU of all processes, ms a resource", runs, (run) => (1000 * cpuOf(run)) / run.resources);
}

/** @param {readonly Measured[]} runs */
function memoryCurves(runs) {
  return replayedCurves(
    "Memory of program and provider, MiB",
    runs,
    ({ usage }) => usage.program.mib + usage.provider.mib,
  );
}

/** @param {readonly import("./facts.js").FactsCost[]} costs */
function factsCurves(costs) {
  const sizes = costs.map(({ functions }) => functions);
  return curvesSvg("Seconds to ask a real host, by its PCI functions", sizes, [
    { name: "lspci -Dvmmnnk", values: costs.map(({ lspci }) => lspci.seconds) },
    { name: "all facts", values: costs.map(({ script }) => script.seconds) },
  ]);
}

/** @param {string} title @param {readonly Measured[]} runs @param {(run: Measured) => number} measure */
function replayedCurves(title, runs, measure) {
  const pairs = pairsOf(runs).filter(
    ({ product }) => product.provider === "dynamic" && product.latencyMs === 0 && product.resources > 1,
  );
  const sizes = [...new Set(pairs.map(({ product }) => product.resources))];
  const named = ["preview", "first up"].flatMap((operation) => {
    const of = pairs.filter(({ product }) => product.operation === operation);
    return [
      { name: `${operation}, floor`, values: of.map(({ floor }) => measure(floor)) },
      { name: operation, values: of.map(({ product }) => measure(product)) },
    ];
  });
  return curvesSvg(`${title}, by resources`, sizes, named);
}

module.exports = { cpuCurves, factsCurves, memoryCurves };
