// @ts-check
const { CONTENDERS } = require("./contenders/names.js");

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
 * @typedef {{ readonly product: Measured, readonly floor: Measured }} Pair
 */

/**
 * Each operation with this provider, either way, with its floor.
 *
 * @param {readonly Measured[]} runs
 * @returns {readonly Pair[]}
 */
function pairsOf(runs) {
  return runs.flatMap((product) => {
    const floor = runs.find(
      ({ provider, resources, latencyMs, operation }) =>
        provider === "floor" &&
        resources === product.resources &&
        latencyMs === product.latencyMs &&
        operation === product.operation,
    );
    return product.provider !== "floor" && floor ? [{ product, floor }] : [];
  });
}

/** All goals that these results tell of. @param {import("./bench.js").Results} results @returns {readonly Goal[]} */
function goalsOf({ replayed, real }) {
  const pairs = pairsOf(replayed).filter(({ product }) => product.provider === "dynamic" && product.latencyMs === 0);
  const alone = pairs.map(({ product }) => product);
  return [...pairs.flatMap(besideFloor), ...linear(alone), ...sideBySide(replayed), ...besideOthers(real)];
}

/** @param {Pair} pair @returns {readonly Goal[]} */
function besideFloor({ product, floor }) {
  const { resources, operation } = product;
  const during = `${operation} of ${resources}`;
  const seconds = product.seconds / floor.seconds;
  const mib = (/** @type {"program" | "provider"} */ part) => product.usage[part].mib - floor.usage[part].mib;
  /** @type {Goal[]} */
  const goals = [];
  if (operation === "first up" && resources > 1)
    goals.push({
      what: `state of ${resources}, times the floor's`,
      most: 1.1,
      measured: product.stateBytes / floor.stateBytes,
    });
  if (resources === 512 && ["preview", "first up", "no-change up"].includes(operation)) {
    const most = operation === "first up" ? 1.15 : 1.3;
    goals.push(
      { what: `seconds of ${during}, times the floor's`, most, measured: seconds },
      { what: `CPU of ${during}, times the floor's`, most, measured: cpuOf(product) / cpuOf(floor) },
      { what: `MiB of the provider in ${during}, above the floor's`, most: 48, measured: mib("provider") },
      { what: `MiB of the program in ${during}, above the floor's`, most: 16, measured: mib("program") },
    );
  }
  return goals;
}

/** Runs in which the CLI writes the whole state after each step: that costs more a resource the more there are, with any provider. */
const WRITES_STATE = ["first up", "destroy"];

/**
 * What a resource costs that comes on top of one, among many and among 64.
 *
 * @param {readonly Measured[]} runs
 * @returns {readonly Goal[]}
 */
function linear(runs) {
  return runs.flatMap((run) => {
    const { resources, operation } = run;
    const like = (/** @type {number} */ size) =>
      runs.find((other) => other.resources === size && other.operation === operation);
    const [single, small] = [like(1), like(64)];
    if (resources <= 64 || !single || !small) return [];
    const aside = WRITES_STATE.includes(operation) ? ", the CLI aside" : "";
    /** @param {"cpu" | "mib"} unit */
    const growth = (unit) => furtherResource(run, single, unit) / furtherResource(small, single, unit);
    const during = `a further resource in ${operation} of ${resources}${aside}, times that in 64`;
    return [
      { what: `CPU of ${during}`, most: 1.2, measured: growth("cpu") },
      { what: `MiB of ${during}`, most: 1.2, measured: growth("mib") },
    ];
  });
}

/** @param {Measured} many @param {Measured} single @param {"cpu" | "mib"} unit */
function furtherResource(many, single, unit) {
  const of = (/** @type {Measured} */ { operation, usage: { cli, program, provider } }) =>
    (WRITES_STATE.includes(operation) ? 0 : cli[unit]) + program[unit] + provider[unit];
  return (of(many) - of(single)) / (many.resources - 1);
}

/** How late hosts answer in previews of many. */
const LATE_MS = 200;

/** @param {readonly Measured[]} runs @returns {readonly Goal[]} */
function sideBySide(runs) {
  const late = runs.filter(({ provider, latencyMs }) => provider === "dynamic" && latencyMs === LATE_MS);
  const alone = late.find(({ hosts }) => hosts === 1);
  if (!alone) return [];
  return late
    .filter(({ hosts }) => hosts > 1)
    .map(({ hosts, seconds }) => ({
      what: `seconds of a preview of ${hosts} hosts that answer after ${LATE_MS} ms, above those of one`,
      most: 1.5,
      measured: seconds - alone.seconds,
    }));
}

/** @param {readonly import("./compare.js").Compared[]} real @returns {readonly Goal[]} */
function besideOthers(real) {
  /** @param {keyof typeof CONTENDERS} name @param {string} operation */
  const seconds = (name, operation) =>
    real.find((run) => run.contender === CONTENDERS[name] && run.operation === operation)?.seconds ?? Number.NaN;
  const [up, noChange] = ["make assignable", "nothing to do"];
  const goals = [
    {
      what: "seconds of making 4 devices of a real host assignable, times those of one ssh call and the floor together",
      most: 1.3,
      measured: seconds("dynamic", up) / (seconds("oneCall", up) + seconds("floor", up)),
    },
    {
      what: "seconds of making 4 devices of a real host assignable, times those of Pulumi's remote Command",
      most: 1,
      measured: seconds("dynamic", up) / seconds("remoteCommand", up),
    },
    {
      what: "seconds of a no-change up of 4 devices of a real host, times those of pyinfra and the floor together",
      most: 1,
      measured: seconds("dynamic", noChange) / (seconds("pyinfra", noChange) + seconds("floor", noChange)),
    },
  ];
  return goals.filter(({ measured }) => !Number.isNaN(measured));
}

/** Seconds of CPU of all processes. @param {Measured} run */
function cpuOf({ usage: { cli, program, provider } }) {
  return cli.cpu + program.cpu + provider.cpu;
}

module.exports = { cpuOf, goalsOf, pairsOf };
