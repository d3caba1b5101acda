// @ts-check
const fs = require("node:fs");

/**
 * What a run of `pulumi` used: seconds of CPU and MiB at most, by process.
 *
 * @typedef {"cli" | "program" | "provider"} Part
 * @typedef {Record<Part, { cpu: number, mib: number }>} Usage
 */

/** Linux counts CPU in hundredths of a second (USER_HZ). */
const TICKS = 100;
const SAMPLE_MS = 50;

/**
 * Watches a process and its children by /proc, until `stop` gives what they used. What they use between the last sample
 * and their end is lost.
 *
 * @param {number} pid
 * @returns {{ stop(): Usage }}
 */
function watchProcesses(pid) {
  /** @type {Map<number, { part: Part, cpu: number, mib: number }>} */
  const seen = new Map();
  const sample = () => {
    for (const member of family(pid)) {
      const used = usageOf(member);
      if (used) seen.set(member, used);
    }
  };
  const timer = setInterval(sample, SAMPLE_MS);
  sample();
  return {
    stop() {
      clearInterval(timer);
      const none = () => ({ cpu: 0, mib: 0 });
      /** @type {Usage} */
      const usage = { cli: none(), program: none(), provider: none() };
      for (const { part, cpu, mib } of seen.values()) {
        usage[part].cpu += cpu;
        usage[part].mib = Math.max(usage[part].mib, mib);
      }
      return usage;
    },
  };
}

/** A process with all below it. @param {number} pid @returns {readonly number[]} */
function family(pid) {
  const tasks = list(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) => read(`/proc/${pid}/task/${task}/children`).match(/\d+/g) ?? []);
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

/** @param {number} pid @returns {{ part: Part, cpu: number, mib: number } | undefined} undefined when it has ended */
function usageOf(pid) {
  const [, peak] = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`)) ?? [];
  // After the name, which may hold anything: state, parent, … and as 12th and 13th word user and system time (proc(5)).
  const words = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, "")
    .split(" ");
  if (peak === undefined || words.length < 13) return undefined;
  const cpu = (Number(words[11]) + Number(words[12])) / TICKS;
  return { part: partOf(read(`/proc/${pid}/cmdline`)), cpu, mib: Number(peak) / 1024 };
}

/** @param {string} commandLine @returns {Part} */
function partOf(commandLine) {
  if (/dynamic-provider|adapters\/plugin/.test(commandLine)) return "provider";
  return /cmd\/run\b/.test(commandLine) ? "program" : "cli";
}

/** @param {string} folder */
function list(folder) {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

/** @param {string} file */
function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

module.exports = { watchProcesses };
