// @ts-check
const os = require("node:os");
const { cpuCurves, factsCurves, memoryCurves } = require("./curves.js");
const { goalsOf } = require("./goals.js");
const { factsTable, fleetTable, goalsTable, realTable, runsTable } = require("./tables.js");

const INTRODUCTION = `# What it costs

Written by \`npm run bench\`, which takes 20 minutes on a quiet machine. It needs Linux, and what \`npm run lab\` needs for the real host.
\`npm run bench -- 64 512\` prints these sizes alone, and \`-- real\`, \`-- fleet\` or \`-- facts\` these parts.`;

const ON_REAL_HOST = `## Beside what people use, on a real host

Four devices are made assignable by \`xl\`, then nothing is to do, then they are given back, one after the other on the host of \`npm run lab\`:
Debian 12 with Xen 4.17 under QEMU's emulation, where a process takes 48 ms and a login 1.2 s. All but this provider run the same
commands, and look first what is assignable already. None of them looks for what the device is needed for, waits for others, writes down what
was there before, or undoes a half. Seconds, and in brackets the processes and threads that the host started.
The floor is the engine with the same resources and a provider that does nothing.`;

const FLEET = `## A fleet

64 replayed hosts. Tools that run commands run one on each, all at the same time. This provider makes a device of each assignable.`;

const FACTS = `## What a host is asked

All facts, by the script that this provider sends, beside \`lspci -Dvmmnnk\`, on that real host. Its /sys/bus/pci is a made one,
with so many network cards. As a curve: [seconds](performance-facts.svg).`;

const REPLAYED = `## Beside the floor

This provider beside the floor, one run after the other. Half of the resources are AssignableDevice, half VmPciAttachment, eight a host. The
hosts are replayed: an SSH server in a process of its own answers what a simulated host said, at once or after a while, and does what steps
say. Seconds depend on what else the machine does; CPU, memory, bytes and counts hardly do. By process: the CLI, the program, the provider.
Every value stands as the floor's → this provider's. As curves: [CPU](performance-cpu.svg), [memory](performance-memory.svg).`;

const LIMITS = `## What stands in the way

- **State.** The simple outputs that preview foretells stand among the inputs as well, since the engine shows of an update of a
  dynamic resource only how its inputs differ. Which resource it is stands in both, since a dynamic provider is not told it in
  refresh and destroy. The rest is the token of the claim and the names of two transient inputs.
- **CPU of the provider.** Of a host: a key exchange and the reading of its facts, all in one process of one thread. Of a resource:
  its plans, and one line that says what it does.
- **Many hosts.** That thread needs 10 ms for each host, so 256 hosts take 2.5 s more than one however fast they answer, and the
  program and the CLI need as much for their resources.
- **Scripts of a first up.** The engine begins four changes a CPU at a time, in an order of its own, so on many hosts few
  changes of one host meet. Each script prints the facts before and after it.
- **Memory of the provider.** ssh2, zod and the XML parser take 35 MiB before the first resource.`;

/**
 * docs/performance.md, with the curves that it shows and the numbers that it is from, by file name.
 *
 * @param {import("./bench.js").Results} results
 * @param {string} engineVersion
 * @returns {Readonly<Record<string, string>>}
 */
function report(results, engineVersion) {
  const { replayed, fleet, real, facts, leftOut } = results;
  const cpus = os.cpus();
  const machine = `${cpus.length} × ${cpus[0]?.model ?? "CPU"}, load ${os.loadavg()[0]?.toFixed(1)} at the end, Node.js ${process.version}, Pulumi ${engineVersion}`;
  const markdown = [
    INTRODUCTION,
    `${new Date().toISOString().slice(0, 10)}, ${machine}.`,
    ...(leftOut.length > 0 ? [`Left out here:\n\n${leftOut.map((why) => `- ${firstLine(why)}`).join("\n")}`] : []),
    "## Goals",
    goalsTable(goalsOf(results)),
    LIMITS,
    ...(real.length > 0 ? [ON_REAL_HOST, realTable(real)] : []),
    ...(fleet.length > 0 ? [FLEET, fleetTable(fleet)] : []),
    ...(facts.length > 0 ? [FACTS, factsTable(facts)] : []),
    REPLAYED,
    runsTable(replayed),
  ].join("\n\n");
  return {
    "performance.md": `${markdown}\n`,
    "performance.json": `${JSON.stringify(results)}\n`,
    "performance-cpu.svg": cpuCurves(replayed),
    "performance-memory.svg": memoryCurves(replayed),
    ...(facts.length > 0 ? { "performance-facts.svg": factsCurves(facts) } : {}),
  };
}

/** @param {string} text */
function firstLine(text) {
  return text.split("\n", 1)[0];
}

module.exports = { report };
