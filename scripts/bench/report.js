// @ts-check
const os = require("node:os");
const { curvesSvg } = require("./curve.js");
const { cpuOf, goalsOf, pairsOf } = require("./goals.js");

/** @typedef {import("./measure.js").Measured} Measured */

const INTRODUCTION = `# What it costs

Written by \`npm run bench\`: this provider beside the floor, which is the engine with the same resources and a provider that does
nothing, one run after the other on the same machine. Half of the resources are AssignableDevice, half VmPciAttachment, eight a host. The
hosts are replayed: an SSH server in a process of its own answers what a simulated host said, at once, and does what steps say.
Seconds depend on what else the machine does; CPU, memory, bytes and counts hardly do.`;

const LIMITS = `## What stands in the way

- **State.** The outputs that preview foretells stand among the inputs as well, since the engine shows of an update of a dynamic
  resource only how its inputs differ, and knows no output in preview. The URN stands in both, since a dynamic provider is not
  told it in refresh and destroy. The rest is two more levels of classes in the engine's stack traces.
- **CPU of the provider.** Of a host: a key exchange and the reading of its facts, all in one process of one thread. Of a resource:
  its plans, and one line that says what it does.
- **Many hosts.** That thread needs 12 ms for each host, so 256 hosts take 3 s more than one however fast they answer, and the
  program and the CLI need 4 s of CPU more. What is above that was measured on a loaded machine only.
- **Scripts of a first up.** The engine begins four changes a CPU at a time, in an order of its own, so on many hosts few
  changes of one host meet. Each script prints the facts before and after it.
- **Memory of the provider.** ssh2, zod and the XML parser take 35 MiB before the first resource.`;

/**
 * docs/performance.md, with the curves that it shows by file name.
 *
 * @param {readonly Measured[]} runs
 * @param {string} engineVersion
 */
function report(runs, engineVersion) {
  const cpus = os.cpus();
  const machine = `${cpus.length} × ${cpus[0]?.model ?? "CPU"}, load ${os.loadavg()[0]?.toFixed(1)} at the end, Node.js ${process.version}, Pulumi ${engineVersion}`;
  const goals = goalsOf(runs).map(
    ({ what, most, measured }) =>
      `| ${measured <= most ? "met" : "**missed**"} | ${what} | ${most} | ${measured.toFixed(2)} |`,
  );
  const measured = pairsOf(runs).map(({ ours, floor }) => {
    const cell = (/** @type {(run: Measured) => string} */ of) => `${of(floor)} → ${of(ours)}`;
    const { connections, scripts, bytes } = ours.counts;
    const mib = (/** @type {Measured} */ run) =>
      partsOf(run)
        .map((part) => part.mib.toFixed(0))
        .join(" / ");
    const cpu = (/** @type {Measured} */ run) =>
      partsOf(run)
        .map((part) => part.cpu.toFixed(1))
        .join(" / ");
    return `| ${[
      `${ours.resources} on ${ours.hosts}, ${ours.latencyMs} ms`,
      ours.operation,
      cell(({ seconds }) => seconds.toFixed(1)),
      cell(cpu),
      cell(mib),
      cell(({ stateBytes }) => stateBytes.toLocaleString("en")),
      `${connections} / ${scripts} / ${Math.round(bytes / ours.hosts / 1024)}`,
    ].join(" | ")} |`;
  });
  const markdown = [
    INTRODUCTION,
    `${new Date().toISOString().slice(0, 10)}, ${machine}. Every value stands as the floor's → ours.`,
    "## Goals",
    ["| | goal | at most | measured |", "|---|---|---|---|", ...goals].join("\n"),
    "As curves: [CPU](performance-cpu.svg), [memory](performance-memory.svg).",
    LIMITS,
    "## Runs",
    "By process: the CLI, the program, the provider.",
    [
      "| resources on hosts that answer after | run | s | CPU s | MiB at most | bytes of state | connections / scripts / KiB a host |",
      "|---|---|---|---|---|---|---|",
      ...measured,
    ].join("\n"),
  ].join("\n\n");
  return {
    "performance.md": `${markdown}\n`,
    "performance-cpu.svg": cpuCurves(runs),
    "performance-memory.svg": memoryCurves(runs),
  };
}

/** What the processes used, in one order. @param {Measured} run */
function partsOf({ usage: { cli, program, provider } }) {
  return [cli, program, provider];
}

/** @param {readonly Measured[]} runs */
function cpuCurves(runs) {
  return curves(
    "CPU of all processes, ms a resource",
    runs,
    ({ resources, ...run }) => (1000 * cpuOf({ resources, ...run })) / resources,
  );
}

/** @param {readonly Measured[]} runs */
function memoryCurves(runs) {
  return curves("Memory of program and provider, MiB", runs, ({ usage }) => usage.program.mib + usage.provider.mib);
}

/** @param {string} title @param {readonly Measured[]} runs @param {(run: Measured) => number} measure */
function curves(title, runs, measure) {
  const pairs = pairsOf(runs).filter(({ ours }) => ours.latencyMs === 0 && ours.resources > 1);
  const sizes = [...new Set(pairs.map(({ ours }) => ours.resources))];
  const named = ["preview", "first up"].flatMap((operation) => {
    const of = pairs.filter(({ ours }) => ours.operation === operation);
    return [
      { name: `${operation}, floor`, values: of.map(({ floor }) => measure(floor)) },
      { name: operation, values: of.map(({ ours }) => measure(ours)) },
    ];
  });
  return curvesSvg(`${title}, by resources`, sizes, named);
}

module.exports = { report };
