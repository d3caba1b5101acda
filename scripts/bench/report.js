// @ts-check
const os = require("node:os");
const { cpuCurves, factsCurves, memoryCurves } = require("./curves.js");
const { goalsOf } = require("./goals.js");
const { factsTable, fleetTable, goalsTable, realTable, runsTable } = require("./tables.js");

const INTRODUCTION = `# What it costs

This provider beside the floor, which is the engine with the same resources and a provider that does nothing, and beside what
people use instead. Written by \`npm run bench\`: Linux, 12 minutes on a quiet machine; \`-- 64 512\` prints these sizes alone, and
\`-- real\`, \`-- fleet\` and \`-- facts\` these parts. The real host is that of \`npm run lab\`, and needs what that needs. pyinfra and
Ansible come from PyPI; Pulumi's Command takes part where \`pulumi-resource-command\` is on PATH.`;

const ON_REAL_HOST = `## Beside what people use, on a real host

Four devices are made assignable by \`xl\`, then there is nothing to do, then they are given back, by one contender after the other, on
Debian 12 with Xen 4.17 under QEMU's emulation, where a process takes 30 ms and a login more than a second. Whoever is not this provider
runs the same commands, and asks first what is assignable already. None of them asks what a device is in use for, keeps others from
changing the host meanwhile, tries whether the host is still reached, or undoes what fails halfway. Pulumi's Command does not notice by
itself when somebody gives a device back; here each \`up\` runs it again. Ansible's connection may still be that of the operation before.

In seconds, and in brackets the processes and threads that the host started.`;

const FLEET = `## A fleet

64 replayed hosts. Tools that run commands run one on all hosts at the same time. Pulumi makes a device of each host assignable.`;

const FACTS = `## What a host is asked

All facts, by the script that this provider sends, beside \`lspci -Dvmmnnk\`, on the same real host, which is shown a /sys/bus/pci
with so many network cards. As a curve: [seconds](performance-facts.svg).`;

const REPLAYED = `## Beside the floor

One run after the other on the same machine. Half of the resources are AssignableDevice, half VmPciAttachment, eight a host. The hosts
are replayed: an SSH server in a process of its own answers what a simulated host said, at once or after a while, and does what steps
say. Seconds depend on what else the machine does; CPU, memory, bytes and counts hardly do. By process: the CLI, the program, the
provider. Every value stands as the floor's → this provider's, once as a dynamic provider and once as a plugin; the floor is a
dynamic one. As curves of the dynamic one: [CPU](performance-cpu.svg), [memory](performance-memory.svg).`;

const LIMITS = `## What stands in the way

- **State.** The simple outputs that preview foretells stand among the inputs as well, since the engine shows of an update of a
  dynamic resource only how its inputs differ. Which resource it is stands in both, since a dynamic provider is not told it in
  refresh and destroy. The rest is the token of the claim and the name of a transient input. The CLI writes the whole state at
  each step, which in a first up of 512 costs it 17 s of CPU for each MB, with the floor's provider, too.
- **CPU of the program.** For each input and output of a resource Pulumi keeps four promises with their stack traces, a third of
  what the program costs. The floor has eight or nine of them, this provider one more, and sends the declarations of its host with
  each resource. The CLI notes every property of each message in its encrypted log, a third of what a preview costs it.
- **CPU of the provider.** Of a host: a login (3.5 ms) and the reading of its facts (1.5 ms), all in one process of one thread. Of a
  resource: its plans, and one line that says what it does. Of a script: 30 KiB to make and to encrypt, and six writes, a quarter of a
  first up. What a host says as before is parsed no more, but after each change the next check plans all declarations of the host on
  what is new, for the outputs at the end of the run: with eight a host, an eighth of a first up.
- **Many hosts.** That thread needs 5 ms for each host, so 256 hosts take 1.3 s more than one however fast they answer. The program
  and the CLI take 1.5 s more for 256 resources, with the floor's provider, too.
- **Scripts of a first up.** The engine begins four changes a CPU at a time, roughly in the order of the program, so some of the
  changes of a host meet: 512 take some 330 scripts, besides those that only read a host, where 128 would do. In a destroy it goes
  through all hosts in a random order, and hardly any meet. Each script prints all facts before it, and some after it.
- **A real host.** A change reads all facts once, by some 30 processes, under the host's lock. Network cards and disks are on trial:
  it is written down how to give them back, and a second login must succeed before the change counts; what the steps changed is read
  meanwhile. Before \`xl\` takes a device, its claim goes to disk. Of the time that the goal leaves beside the engine, two logins
  take half under emulation, the facts a third, and the devices with their claims more than half. An \`up\` that changes nothing
  reads the facts once; which devices are assignable is the smallest part of them.
- **Memory of the provider.** For one resource it is 30 MiB above the floor's: 13 are modules (its own, zod, ssh2). After a preview
  of 64 hosts, 4 MiB more than after loading them are in use: the rest is garbage, for which V8's young generation grows to 32 MiB.
  How far it may grow is set when Node.js starts, which Pulumi does.`;

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
