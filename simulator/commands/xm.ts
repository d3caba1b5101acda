import type { Command, CommandCall, CommandOutput, Commands } from "../machine";
import { readDomainConfig, readSpec } from "../xen/config-file";
import type { Domain, DomainDevice } from "../xen/domain";
import type { Xen } from "../xen/xen";
import { assignableDevices, endDomain, giveDevice, startDomain, takeDevice, XendError } from "../xen/xend";
import { failed, isErrno, succeeded } from "./command";

/** Subcommands that are older than device hot-plug (xen, tools/python/xen/xm/main.py, 3.2). */
const OLD: Readonly<Record<string, Command>> = {
  list: withXen((call, xen) => {
    const long = call.args.some((arg) => arg === "-l" || arg === "--long");
    const names = call.args.filter((arg) => !arg.startsWith("-"));
    const domains = names.length > 0 ? names.map((name) => domainOf(xen, name)) : [...xen.domains.values()];
    if (long) return succeeded(`${names.length > 0 ? "" : HOST_SXP}${domains.map(domainSxp).join("")}`);
    const dom0 = names.length > 0 ? "" : row("Domain-0", 0, xen.data.dom0Memory, xen.data.cpus, "r-----");
    const rows = domains.map((domain) =>
      row(
        domain.config.name,
        domain.id,
        domain.config.memory,
        domain.config.vcpus,
        domain.paused ? "--p---" : "-b----",
      ),
    );
    return succeeded(
      `Name                                        ID   Mem VCPUs      State   Time(s)\n${dom0}${rows.join("")}`,
    );
  }),
  info: withXen((_, xen) => succeeded(info(xen))),
  create: withXen((call, xen) => {
    const words = call.args.filter((arg) => !/^-[a-z]$/.test(arg));
    const name = words.find((word) => !word.includes("=")) ?? "";
    const { files } = call.machine;
    // `path`, where xm looks for a file without a folder: .:/etc/xen
    const path = [call.path(name), `/etc/xen/${name}`].find((candidate) => files.exists(candidate));
    if (path === undefined) throw new XendError(`Unable to open config file: ${name}`);
    const devices = words.filter((word) => word.startsWith("pci=")).map((word) => deviceOf(word.slice(4)));
    const config = readDomainConfig(files.read(path));
    const bad = config.badDevices[0];
    if (bad !== undefined) throw new XendError(`Failed to parse pci device: ${bad}`);
    if (xen.find(config.name)) throw new XendError(`VM name '${config.name}' already in use by domain`);
    startDomain(xen, { ...config, devices: devices.length > 0 ? devices : config.devices });
    return succeeded(`Using config file "${path}".\nStarted domain ${config.name}\n`);
  }),
  shutdown: withXen((call, xen) => ended(xen, call)),
  destroy: withXen((call, xen) => ended(xen, call)),
  /** Ends at once: what the guest has printed until now. */
  console: withXen((call, xen) => succeeded(domainOf(xen, call.args[0]).console)),
};

/** Some of the lines; virt_caps came with 3.3 (tools/python/xen/lowlevel/xc/xc.c). */
function info({ data }: Xen): string {
  const virtual = `virt_caps              : hvm${data.iommu ? " hvm_directio" : ""}\n`;
  return `${data.major > 3 || data.minor > 2 ? virtual : ""}xen_major              : ${data.major}
xen_minor              : ${data.minor}
xen_extra              : ${data.extra}
xen_commandline        : ${data.commandLine}
xend_config_format     : 4
`;
}

/** What came with Xen 3.3 (73d5acf50f, 3bbf83843c). */
const HOT_PLUG: Readonly<Record<string, Command>> = {
  "pci-attach": withXen((call, xen) => {
    const [name, text = ""] = call.args.filter((arg, index) => arg !== "-o" && call.args[index - 1] !== "-o");
    const [domain, device] = [domainOf(xen, name), deviceOf(text)];
    if (domain.devices.some((attached) => attached.address === device.address)) {
      throw new XendError(`pci: device ${device.address} has been attached! `);
    }
    giveDevice(xen, domain, device);
    return succeeded();
  }),
  "pci-detach": withXen((call, xen) => {
    const [domain, device] = [domainOf(xen, call.args[0]), deviceOf(call.args[1] ?? "")];
    if (!domain.devices.some((attached) => attached.address === device.address)) {
      throw new XendError(`pci: device ${device.address} is not attached!`);
    }
    takeDevice(xen, domain, device);
    return succeeded();
  }),
  "pci-list": withXen((call, xen) => {
    const { devices } = domainOf(xen, call.args[0]);
    return succeeded(devices.length === 0 ? "" : `Device\n${devices.map(({ address }) => `${address}\n`).join("")}`);
  }),
  "pci-list-assignable-devices": withXen((_, xen) => {
    const devices = assignableDevices(xen);
    return succeeded(devices?.map((address) => `${address}\n`).join("") ?? "Error: pciback/pci-stub not loaded?\n");
  }),
};

/** xm, with device hot-plug or without (Xen before 3.3). Its output of version 4.1. */
export function xmCommands({ hotPlug }: { readonly hotPlug: boolean }): Commands {
  const subcommands = { ...OLD, ...(hotPlug ? HOT_PLUG : {}) };
  const help = Object.keys(subcommands).map((name) => ` ${name.padEnd(20)}\n`);
  return {
    xm(call) {
      const [name = "", ...args] = call.args;
      if (name === "help") return succeeded(`xm full list of subcommands:\n\n${help.join("")}`);
      const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
      if (!subcommand) return failed(1, `Error: Subcommand ${name} not found!\n`);
      return subcommand({ ...call, stdin: "", name, args });
    },
  };
}

const HOST_SXP = `(domain
    (domid 0)
    (uuid 00000000-0000-0000-0000-000000000000)
    (name Domain-0)
    (state r-----)
)
`;

function domainSxp(domain: Domain): string {
  const hex = (text: string | undefined, width: number) => `0x${(text ?? "").padStart(width, "0")}`;
  const devices = domain.devices.map(({ address }) => {
    const [segment, bus, slot, func] = address.split(/[:.]/);
    const where = `(domain ${hex(segment, 4)}) (bus ${hex(bus, 2)}) (slot ${hex(slot, 2)}) (func ${hex(func, 1)})`;
    return `            (dev ${where} (vdevfn 0x100))\n`;
  });
  const pci =
    devices.length === 0
      ? ""
      : `    (device\n        (pci\n${devices.join("")}            (backend 0)\n        )\n    )\n`;
  const { name, uuid, memory, vcpus } = domain.config;
  const state = domain.paused ? "--p---" : "-b----";
  return `(domain
    (domid ${domain.id})
    (on_crash restart)
    (uuid ${uuid})
    (vcpus ${vcpus})
    (memory ${memory})
    (name ${name})
    (image (linux (kernel /boot/vmlinuz) (args 'root=/dev/xvda ro')))
    (state ${state})
${pci})
`;
}

function row(name: string, id: number, memory: number, vcpus: number, state: string): string {
  const columns = [name.padEnd(40), String(id).padStart(5), String(memory).padStart(5), String(vcpus).padStart(5)];
  return `${columns.join(" ")} ${state.padStart(10)} ${"42.5".padStart(8)}\n`;
}

function ended(xen: Xen, call: CommandCall): CommandOutput {
  endDomain(
    xen,
    domainOf(
      xen,
      call.args.find((arg) => !arg.startsWith("-")),
    ),
  );
  return succeeded();
}

function domainOf(xen: Xen, name: string | undefined): Domain {
  const domain = xen.find(name ?? "");
  if (!domain) throw new XendError(`Domain '${name ?? ""}' does not exist.`);
  return domain;
}

function deviceOf(text: string): DomainDevice {
  const device = readSpec(text);
  if (!device) throw new XendError(`Failed to parse pci device: ${text}`);
  return device;
}

function withXen(act: (call: CommandCall, xen: Xen) => CommandOutput): Command {
  return (call) => {
    if (!call.machine.xen)
      return failed(1, "Error: Unable to connect to xend: No such file or directory. Is xend running?\n");
    try {
      return act(call, call.machine.xen);
    } catch (error) {
      if (error instanceof XendError) return failed(1, `Error: ${error.message}\n`);
      if (isErrno(error)) return failed(1, `Error: ${error.text}\n`);
      throw error;
    }
  };
}
