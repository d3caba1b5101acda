// @ts-check
const { createHash } = require("node:crypto");
// The package as its users load it: only the build has JavaScript.
const { startSimulatedHost } = require("../../dist/simulator");
const { readAnswer, sectionsOf } = require("../../dist/provider/facts/answers");
const { posixChecksum } = require("../../dist/provider/facts/checksum");
const { factsScript } = require("../../dist/provider/script/facts-script");

/** The devices of the recorded host that a program may give away. */
const DEVICES = ["0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "0000:03:00.0"];

/** The VMs of the recorded host, one a device. */
const VMS = DEVICES.map((_, index) => `vm${index}`);

const vmFile = (/** @type {string} */ vm) => `/etc/xen/${vm}.cfg`;

/** @typedef {import("../../dist/provider/facts/answers").Answer} Answer */

/**
 * What a simulated Debian with Xen 4.17 answers to every question, with pciback loaded and four VMs of its own.
 *
 * @returns {Promise<ReadonlyMap<string, Answer>>}
 */
async function recordAnswers() {
  const host = await startSimulatedHost({ name: "recorded", profile: "debian-xl" });
  try {
    await host.exec("modprobe xen-pciback; rm /etc/xen/*.cfg");
    for (const vm of VMS) host.writeFile(vmFile(vm), `name = "${vm}"\nkernel = "/boot/vmlinuz"\nmemory = 256\n`);
    const script = factsScript({ vmConfigPaths: [], libvirt: false });
    const { stdout } = await host.exec(`set -- "$SSH_CONNECTION"\n${script}`);
    return new Map([...sectionsOf(stdout)].map(([name, section]) => [name, readAnswer(section)]));
  } finally {
    await host.stop();
  }
}

/**
 * A host that is nothing but its answers, its files and its drivers: it reads of a script what each step does, so that
 * it costs next to nothing.
 */
class ReplayedHost {
  /** Driver by PCI address, as far as scripts have changed it. */
  drivers = /** @type {Map<string, string>} */ (new Map());
  /** Text by path, as far as scripts have written it; undefined where they removed it. */
  files = /** @type {Map<string, string | undefined>} */ (new Map());

  /** @param {ReadonlyMap<string, Answer>} recorded @param {string} name */
  constructor(recorded, name) {
    this.recorded = recorded;
    this.machineId = createHash("md5").update(name).digest("hex");
  }

  /** What the function `facts` of a script prints here now; `questions`: the names of facts, without it all. @param {string} [questions] */
  facts(questions) {
    const asked = questions?.split(" ") ?? [...this.recorded.keys()];
    const answers = [...this.recorded]
      .filter(([name]) => asked.includes(name))
      .map(([name, answer]) => frame(name, this.answer(name, answer)));
    return `@facts-begin\n${answers.join("")}@facts-end\n`;
  }

  /** @param {string} name @param {Answer} answer @returns {Answer} */
  answer(name, { text, exitCode }) {
    switch (name) {
      case "machine":
        return { text: text.replace(/(?<=^\/etc\/machine-id:).*/m, this.machineId), exitCode };
      case "pci_devices": {
        const driver = (/** @type {string} */ line, /** @type {string} */ link, /** @type {string} */ address) =>
          this.drivers.has(address) ? `${link} -> /sys/bus/pci/drivers/${this.drivers.get(address)}` : line;
        return { text: text.replace(/^(\/sys\/bus\/pci\/devices\/(\S+)\/driver) -> .*/gm, driver), exitCode };
      }
      case "files": {
        const written = (/** @type {string} */ printed, /** @type {string} */ path) =>
          printFile(path, this.files.get(path)) ?? printed;
        return { text: text.replace(/^file (.*)\n(?:.+\n)*\n/gm, written), exitCode };
      }
      case "claims": {
        const claims = [...this.files].filter(([path]) => /^\/var\/lib\/[^/]+\/claims\//.test(path)).sort();
        return { text: claims.map(([path, claim]) => printFile(path, claim) ?? "").join(""), exitCode };
      }
      default:
        return { text, exitCode };
    }
  }

  /** Does what an apply script does, and returns what that prints. Throws for a step that is not known here. @param {string} script */
  apply(script) {
    const steps = [...script.matchAll(/^perform_(\d+)_\d+\(\) \{\n([\s\S]*?)^\}$/gm)];
    if (steps.length === 0) throw new Error(`no apply script:\n${script}`);
    for (const [, , body = ""] of steps) this.perform(body);
    const groups = new Set(steps.map(([, group]) => group));
    const done = [...groups].map((group) => `@group ${group} done\n`).join("");
    return `@apply begin\n${done}@apply end\n${this.facts(/^ *questions='(.*)'$/m.exec(script)?.[1])}`;
  }

  /** @param {string} body */
  perform(body) {
    const command = /^ *(put_text|remove_file|make_assignable_xl|release_xl) ((?:'[^']*'|\\.|[^\n'\\|])+)/m.exec(body);
    const [target = "", value = ""] = wordsOf(command?.[2] ?? "");
    switch (command?.[1]) {
      case "put_text":
        return this.files.set(target, value);
      case "remove_file":
        return this.files.set(target, undefined);
      case "make_assignable_xl":
      case "release_xl":
        return this.drivers.set(target, value);
      default:
        throw new Error(`a step that replayed hosts do not know:\n${body}`);
    }
  }
}

/** The words of a line of shell without its quotes. @param {string} line */
function wordsOf(line) {
  const words = line.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|\\(.)/g, (_, quoted, escaped) => quoted ?? escaped));
}

/** As the shell function print_files prints a file that ends with a newline. @param {string} path @param {string | undefined} text */
function printFile(path, text) {
  if (text === undefined) return undefined;
  return `file ${path}\n${posixChecksum(text)} ${text.length}\n${path}\n${text.replace(/^(?!$(?![\s\S]))/gm, ">")}\n`;
}

/** As the facts script frames an answer. @param {string} name @param {Answer} answer */
function frame(name, { text, exitCode }) {
  const lines = `${text}\n=${exitCode}`.replace(/^/gm, "|");
  return `@${name}\n${lines}\n=${name} ${lines.length + 1}\n`;
}

module.exports = { DEVICES, ReplayedHost, recordAnswers, VMS };
