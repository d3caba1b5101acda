import type { PciAddress } from "../../provider/pci/address";
import type { PciFunction } from "../kernel/pci-bus";
import { readController, readHostdev } from "../libvirt/domain-text";
import { LibvirtError } from "../libvirt/host-devices";
import type { Libvirt } from "../libvirt/libvirt";
import type { CommandCall, CommandOutput, Commands } from "../machine";
import { failed, isErrno } from "./command";

/** One command of virsh: it returns what it prints, and throws what follows "error: ". */
interface Subcommand {
  /** Its options, as its help has them. */
  readonly options: readonly string[];
  readonly synopsis?: string;
  run(call: VirshCall): string;
}

interface VirshCall {
  readonly call: CommandCall;
  readonly libvirt: Libvirt;
  readonly words: readonly string[];
  readonly flags: ReadonlySet<string>;
}

/** Several lines of complaint; the first one is what virsh itself says (seen with libvirt 9.0). */
class VirshError extends Error {
  override readonly name = "VirshError";
}

function virsh(call: CommandCall): CommandOutput {
  const { libvirt } = call.machine;
  const args = [...call.args];
  let uri = "qemu:///system";
  while (args[0]?.startsWith("-")) {
    const option = args.shift();
    if (option === "-c" || option === "--connect") uri = args.shift() ?? uri;
  }
  if (!libvirt || uri !== "qemu:///system") {
    return failed(
      1,
      "error: failed to connect to the hypervisor\nerror: no connection driver available for this URI\n",
    );
  }
  // One word is a line of commands, as virsh -c URI 'list; version' (vshCommandStringParse).
  const line = args.length === 1 ? (args[0] ?? "").split(";").map((command) => command.trim().split(/\s+/)) : [args];
  const commands = line.filter(([name = ""]) => name !== "");
  const known = subcommands(libvirt);
  for (const [name = "", ...words] of commands) {
    const command = known[name];
    // virsh reads the whole line before it does any of it.
    if (!command) return failed(1, `error: unknown command: '${name}'\n`);
    const bad = words.find((word) => word.startsWith("--") && !command.options.includes(word));
    if (bad !== undefined) return failed(1, `error: command '${name}' doesn't support option ${bad}\n`);
  }
  let stdout = "";
  let stderr = "";
  let exitCode = 0;
  for (const [name = "", ...words] of commands) {
    try {
      const flags = new Set(words.filter((word) => word.startsWith("--")));
      const values = words.filter((word, index) => !word.startsWith("--") && words[index - 1] !== "--driver");
      stdout += `${known[name]?.run({ call, libvirt, words: values, flags: withValues(words, flags) }) ?? ""}\n`;
      exitCode = 0;
    } catch (error) {
      if (!(error instanceof VirshError)) throw error;
      stderr += `${error.message
        .split("\n")
        .map((line) => `error: ${line}\n`)
        .join("")}\n`;
      exitCode = 1;
    }
  }
  return { stdout, stderr, exitCode };
}

/** `--driver vfio` counts as the flag `--driver=vfio`. */
function withValues(words: readonly string[], flags: Set<string>): ReadonlySet<string> {
  const driver = words.indexOf("--driver");
  return driver < 0 ? flags : flags.add(`--driver=${words[driver + 1]}`);
}

function subcommands({ data }: Libvirt): Readonly<Record<string, Subcommand>> {
  const scopes = data.separateScopes ? ["--persistent", "--config", "--live", "--current"] : [];
  const old = data.nodeNames === "ids";
  const detach: Subcommand = {
    options: old ? [] : ["--driver"],
    run: ({ libvirt, words, flags, call }) => {
      const [name = ""] = words;
      const device = nodeDevice(libvirt, call, name);
      const driver = [...flags].find((flag) => flag.startsWith("--driver="))?.slice(9);
      if (driver !== undefined && driver !== "vfio")
        throw new VirshError(`Failed to detach device ${name}\ninvalid argument: unknown driver name '${driver}'`);
      notInUse(libvirt, device.address, `Failed to detach device ${name}`);
      complain(`Failed to detach device ${name}`, () => libvirt.host.detach(device.address));
      return `Device ${name} ${old ? "dettached" : "detached"}\n`;
    },
  };
  return {
    version: {
      options: ["--daemon"],
      run: () =>
        `Compiled against library: libvir${old ? "" : "t"} ${data.version}\nUsing library: libvir${old ? "" : "t"} ${data.version}\nUsing API: QEMU ${data.version}\nRunning hypervisor: ${data.hypervisor}\n`,
    },
    uri: { options: [], run: () => "qemu:///system\n" },
    help: {
      options: [],
      run: ({ words, libvirt }) => help(subcommands(libvirt), words[0] ?? ""),
    },
    list: {
      options: ["--all", ...(old ? [] : ["--uuid", "--name"])],
      run: ({ libvirt, flags }) => list(libvirt, flags),
    },
    domuuid: { options: [], run: (given) => `${given.libvirt.uuidOf(domain(given))}\n` },
    domstate: { options: [], run: (given) => `${stateOf(given.libvirt, domain(given))}\n` },
    dominfo: { options: [], run: (given) => info(given.libvirt, domain(given)) },
    dumpxml: {
      options: ["--inactive", "--security-info"],
      run: (given) =>
        given.flags.has("--inactive") ? given.libvirt.inactiveXml(domain(given)) : given.libvirt.xml(domain(given)),
    },
    ...(data.snapshots
      ? {
          "snapshot-list": {
            options: ["--name"],
            run: (given: VirshCall) => {
              domain(given);
              return " Name   Creation Time   State\n-------------------------------\n";
            },
          },
        }
      : {}),
    define: {
      options: [],
      run: (given) =>
        `Domain '${complain("", () => given.libvirt.define(readFile(given, 0)))}' defined from ${given.words[0]}\n`,
    },
    create: {
      options: [],
      run: (given) =>
        `Domain '${complain("", () => given.libvirt.create(readFile(given, 0)))}' created from ${given.words[0]}\n`,
    },
    undefine: {
      options: [],
      run: (given) => {
        const name = domain(given);
        given.libvirt.undefine(name);
        return `Domain '${name}' has been undefined\n`;
      },
    },
    start: act("start", "started", (libvirt, name) => libvirt.start(name)),
    destroy: act("destroy", "destroyed", (libvirt, name) => libvirt.stop(name)),
    shutdown: act("shutdown", "is being shutdown", (libvirt, name) => libvirt.stop(name)),
    suspend: act("suspend", "suspended", (libvirt, name) => libvirt.setPaused(name, true)),
    resume: act("resume", "resumed", (libvirt, name) => libvirt.setPaused(name, false)),
    "attach-device": changer("attach", scopes, data.separateScopes),
    "detach-device": changer("detach", scopes, data.separateScopes),
    "nodedev-list": {
      options: ["--cap", "--tree"],
      run: ({ libvirt, call }) =>
        call.machine.kernel.bus.devices.map((device) => `${nodeName(libvirt, device)}\n`).join(""),
    },
    "nodedev-dumpxml": {
      options: [],
      run: ({ libvirt, call, words }) => nodeXml(libvirt, nodeDevice(libvirt, call, words[0] ?? "")),
    },
    ...(old ? { "nodedev-dettach": detach } : { "nodedev-detach": detach, "nodedev-dettach": detach }),
    "nodedev-reattach": {
      options: [],
      run: ({ libvirt, words, call }) => {
        const [name = ""] = words;
        const device = nodeDevice(libvirt, call, name);
        notInUse(libvirt, device.address, `Failed to re-attach device ${name}`);
        libvirt.host.reattach(device.address);
        return `Device ${name} re-attached\n`;
      },
    },
  };
}

function changer(way: "attach" | "detach", options: readonly string[], separateScopes: boolean): Subcommand {
  return {
    options,
    run: (given) => {
      const { libvirt, flags, words } = given;
      const name = domain(given);
      const file = words[1] ?? "";
      const controller = way === "detach" ? readController(readFile(given, 1)) : undefined;
      if (controller !== undefined) {
        libvirt.detachController(name, controller);
        return "Device detached successfully\n";
      }
      complain(`Failed to ${way} device from ${file}`, () => {
        const hostdev = readHostdevFile(given);
        const running = libvirt.idOf(name) !== undefined;
        const config =
          flags.has("--config") || flags.has("--persistent") || (separateScopes && !running && flags.size === 0);
        if (config && way === "attach") libvirt.attachConfig(name, hostdev);
        if (config && way === "detach") libvirt.detachConfig(name, hostdev.address);
        if (flags.has("--live") || !config) {
          if (way === "attach") libvirt.attachLive(name, hostdev);
          else libvirt.detachLive(name, hostdev.address);
        }
      });
      return `Device ${way}ed successfully\n`;
    },
  };
}

function readHostdevFile(given: VirshCall) {
  const text = readFile(given, 1);
  try {
    const hostdev = readHostdev(text);
    if (hostdev) return hostdev;
  } catch {}
  throw new LibvirtError("XML error: this is no hostdev of a PCI device");
}

function act(verb: string, done: string, change: (libvirt: Libvirt, name: string) => void): Subcommand {
  return {
    options: [],
    run: (given) => {
      const name = domain(given);
      complain(`Failed to ${verb} domain '${name}'`, () => change(given.libvirt, name));
      return `Domain '${name}' ${done}\n`;
    },
  };
}

function complain<T>(first: string, change: () => T): T {
  try {
    return change();
  } catch (error) {
    if (error instanceof LibvirtError) throw new VirshError(`${first}\n${error.message}`);
    throw error;
  }
}

function readFile({ call, words }: VirshCall, index: number): string {
  const file = words[index] ?? "";
  try {
    return call.machine.files.read(call.path(file));
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw new VirshError(`Failed to open file '${file}': ${error.text}`);
  }
}

function domain({ libvirt, words }: VirshCall): string {
  const name = libvirt.find(words[0] ?? "");
  if (name === undefined) throw new VirshError(`failed to get domain '${words[0] ?? ""}'`);
  return name;
}

function list(libvirt: Libvirt, flags: ReadonlySet<string>): string {
  const names = libvirt.names.filter((name) => flags.has("--all") || libvirt.idOf(name) !== undefined);
  if (flags.has("--uuid")) return names.map((name) => `${libvirt.uuidOf(name)}\n`).join("");
  if (flags.has("--name")) return names.map((name) => `${name}\n`).join("");
  const id = (name: string) => String(libvirt.idOf(name) ?? "-");
  if (libvirt.data.nodeNames === "ids") {
    const rows = names.map((name) => `${id(name).padStart(3)} ${name.padEnd(20)} ${stateOf(libvirt, name)}\n`);
    return ` Id Name                 State\n----------------------------------\n${rows.join("")}`;
  }
  const width = Math.max(4, ...names.map((name) => name.length));
  const rows = names.map((name) => ` ${id(name).padEnd(4)} ${name.padEnd(width)}   ${stateOf(libvirt, name)}\n`);
  return ` Id   ${"Name".padEnd(width)}   State\n${"-".repeat(width + 16)}\n${rows.join("")}`;
}

function stateOf(libvirt: Libvirt, name: string): string {
  if (libvirt.idOf(name) === undefined) return "shut off";
  return libvirt.isPaused(name) ? "paused" : "running";
}

function info(libvirt: Libvirt, name: string): string {
  const old = libvirt.data.nodeNames === "ids";
  const rows = [
    ["Id:", String(libvirt.idOf(name) ?? "-")],
    ["Name:", name],
    ["UUID:", libvirt.uuidOf(name)],
    ["OS Type:", "hvm"],
    ["State:", stateOf(libvirt, name)],
    ["CPU(s):", "1"],
    ["Max memory:", "196608 KiB"],
    ["Used memory:", "196608 KiB"],
    // virsh has these since 0.7.5 and 0.8.? (tools/virsh.c).
    ...(old ? [] : [["Persistent:", libvirt.isPersistent(name) ? "yes" : "no"]]),
    ["Autostart:", "disable"],
    ...(old ? [] : [["Managed save:", "no"]]),
  ];
  return rows.map(([key = "", value = ""]) => `${key.padEnd(15)} ${value}\n`).join("");
}

function help(known: Readonly<Record<string, Subcommand>>, name: string): string {
  const command = known[name];
  if (!command) throw new VirshError(`command '${name}' doesn't exist`);
  const options = command.options.map((option) => `    ${option.padEnd(16)} …\n`).join("");
  return `  NAME\n    ${name}\n\n  SYNOPSIS\n    ${name} ${command.options.map((option) => `[${option}]`).join(" ")}\n\n  OPTIONS\n${options}`;
}

function nodeName(libvirt: Libvirt, device: PciFunction): string {
  return libvirt.data.nodeNames === "ids"
    ? `pci_${device.id.replace(":", "_")}`
    : `pci_${device.address.replace(/[:.]/g, "_")}`;
}

function nodeDevice(libvirt: Libvirt, call: CommandCall, name: string): PciFunction {
  const device = call.machine.kernel.bus.devices.find((candidate) => nodeName(libvirt, candidate) === name);
  if (device) return device;
  throw new VirshError(
    `Could not find matching device '${name}'\nNode device not found: no node device with matching name '${name}'`,
  );
}

/** The numbers are decimal (seen with libvirt 9.0). */
function nodeXml(libvirt: Libvirt, device: PciFunction): string {
  const [domain, bus, slot, fn] = device.address.split(/[:.]/).map((part) => Number.parseInt(part, 16));
  const [vendor, product] = device.id.split(":");
  return `<device>
  <name>${nodeName(libvirt, device)}</name>
  <parent>computer</parent>
  <capability type='pci'>
    <domain>${domain}</domain>
    <bus>${bus}</bus>
    <slot>${slot}</slot>
    <function>${fn}</function>
    <product id='0x${product}'/>
    <vendor id='0x${vendor}'/>
  </capability>
</device>
`;
}

function notInUse(libvirt: Libvirt, address: PciAddress, first: string): void {
  const user = libvirt.userOf(address);
  if (user !== undefined)
    throw new VirshError(
      `${first}\nRequested operation is not valid: PCI device ${address} is in use by driver QEMU, domain ${user}`,
    );
}

/** `virsh`. */
export const virshCommands: Commands = { virsh };
