// @ts-check
/** @typedef {import("./measure.js").Measured} Measured */

/**
 * A goal and what was measured.
 *
 * @typedef {object} Goal
 * @property {string} what
 * @property {number} most
 * @property {number} measured
 */

/**
 * An operation with this provider, beside the same with one that does nothing.
 *
 * @typedef {{ readonly ours: Measured, readonly floor: Measured }} Pair
 */

/** @param {readonly Measured[]} runs @returns {readonly Pair[]} */
function pairsOf(runs) {
  return runs.flatMap((ours) => {
    const floor = runs.find(
      ({ provider, resources, latencyMs, operation }) =>
        provider === "floor" &&
        resources === ours.resources &&
        latencyMs === ours.latencyMs &&
        operation === ours.operation,
    );
    return ours.provider === "ours" && floor ? [{ ours, floor }] : [];
  });
}

/** All goals that these runs tell of. @param {readonly Measured[]} runs @returns {readonly Goal[]} */
function goalsOf(runs) {
  const pairs = pairsOf(runs);
  return [
    ...pairs.filter(({ ours }) => ours.latencyMs === 0).flatMap((pair) => besideFloor(pair, pairs)),
    ...sideBySide(runs),
  ];
}

/** @param {Pair} pair @param {readonly Pair[]} all @returns {readonly Goal[]} */
function besideFloor({ ours, floor }, all) {
  const { resources, operation } = ours;
  const during = `${operation} of ${resources}`;
  const seconds = ours.seconds / floor.seconds;
  const mib = (/** @type {"program" | "provider"} */ part) => ours.usage[part].mib - floor.usage[part].mib;
  /** @type {Goal[]} */
  const goals = [];
  if (operation === "first up" && resources > 1)
    goals.push({
      what: `state of ${resources}, times the floor's`,
      most: 1.1,
      measured: ours.stateBytes / floor.stateBytes,
    });
  if (resources === 512 && ["preview", "first up", "no-change up"].includes(operation)) {
    const most = operation === "first up" ? 1.15 : 1.3;
    goals.push(
      { what: `seconds of ${during}, times the floor's`, most, measured: seconds },
      { what: `CPU of ${during}, times the floor's`, most, measured: cpuOf(ours) / cpuOf(floor) },
      { what: `MiB of the provider in ${during}, above the floor's`, most: 48, measured: mib("provider") },
      { what: `MiB of the program in ${during}, above the floor's`, most: 16, measured: mib("program") },
    );
  }
  const small = all.find((pair) => pair.ours.resources === 64 && pair.ours.operation === operation);
  if (resources > 64 && small)
    goals.push({
      what: `CPU above the floor's for a resource, ${during}, times that of 64`,
      most: 1.2,
      measured: extraCpu({ ours, floor }) / extraCpu(small),
    });
  return goals;
}

/** @param {readonly Measured[]} runs @returns {readonly Goal[]} */
function sideBySide(runs) {
  const late = runs.filter(({ provider, latencyMs }) => provider === "ours" && latencyMs > 0);
  const alone = late.find(({ hosts }) => hosts === 1);
  if (!alone) return [];
  return late
    .filter(({ hosts }) => hosts > 1)
    .map(({ hosts, latencyMs, seconds }) => ({
      what: `seconds of a preview of ${hosts} hosts that answer after ${latencyMs} ms, above those of one`,
      most: 1.5,
      measured: seconds - alone.seconds,
    }));
}

/** Seconds of CPU for a resource above those of the floor. @param {Pair} pair */
function extraCpu({ ours, floor }) {
  return (cpuOf(ours) - cpuOf(floor)) / ours.resources;
}

/** Seconds of CPU of all processes. @param {Measured} run */
function cpuOf({ usage: { cli, program, provider } }) {
  return cli.cpu + program.cpu + provider.cpu;
}

module.exports = { cpuOf, goalsOf, pairsOf };
