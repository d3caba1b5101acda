import type { FileTree } from "../kernel/file-tree";
import type { PciFunction } from "../kernel/pci-bus";
import type { Commands } from "../machine";
import { failed, splitOptions, succeeded } from "./command";

/** pciutils 3.9 and iproute2 6.1 */
export const hardwareCommands: Commands = {
  lspci: (call) => {
    const { options } = splitOptions(call.args);
    const wanted = call.args[call.args.indexOf("-s") + 1];
    const devices = call.machine.kernel.bus.devices.filter(
      (device) => !call.args.includes("-s") || device.address.endsWith(wanted ?? ""),
    );
    return succeeded(devices.map((device) => describe(device, options)).join(""));
  },
  ip: (call) => {
    const [object = "", verb, ...words] = call.args.filter((arg) => !arg.startsWith("-"));
    const interfaces = call.machine.profile.network.interfaces.filter(
      ({ name }) => name === "lo" || call.machine.files.exists(`/sys/class/net/${name}`),
    );
    if ("address".startsWith(object)) {
      const lines = interfaces.flatMap(({ name, addresses }, index) =>
        addresses.map((address) => addressLine(indexOf(call.machine.files, name) ?? index + 1, name, address)),
      );
      return succeeded(lines.join(""));
    }
    if ("link".startsWith(object)) {
      return succeeded(
        interfaces
          .map(
            ({ name }, index) =>
              `${indexOf(call.machine.files, name) ?? index + 1}: ${name}: <UP> mtu 1500 qdisc noop \n`,
          )
          .join(""),
      );
    }
    if (object !== "route") return failed(1, `Object "${object}" is unknown, try "ip help".\n`);
    const { clientAddress, sshAddress } = call.machine.profile.network;
    const outgoing = interfaces.find(({ addresses }) =>
      addresses.some((address) => address.startsWith(`${sshAddress}/`)),
    );
    if (!outgoing) return verb === "get" ? failed(2, "RTNETLINK answers: Network is unreachable\n") : succeeded("");
    if (verb !== "get") return succeeded(`default via ${clientAddress} dev ${outgoing.name} \n`);
    const [to, from, source] = words;
    return succeeded(`${to} ${from ? `from ${source} ` : ""}dev ${outgoing.name} uid 0 \n    cache \n`);
  },
};

function describe(device: PciFunction, options: readonly string[]): string {
  const address = options.includes("D") ? device.address : device.address.replace(/^0000:/, "");
  const [kind = "", name = ""] = device.label.split(/: (.*)/);
  const plain = `${address} ${kind}: ${name}`;
  const code = device.class.slice(0, 4);
  const numbers = options.filter((letter) => letter === "n").length;
  const line =
    [plain, `${address} ${code}: ${device.id}`, `${address} ${kind} [${code}]: ${name} [${device.id}]`][numbers] ??
    plain;
  const revision = device.revision !== undefined && device.revision !== "00" ? ` (rev ${device.revision})` : "";
  const driver = device.driver ? `\tKernel driver in use: ${device.driver.name}\n` : "";
  return `${line}${revision}\n${options.includes("k") ? driver : ""}`;
}

/** The number of an interface as /sys has it; undefined on Linux 2.6.18. */
function indexOf(files: FileTree, name: string): number | undefined {
  const path = `/sys/class/net/${name}/ifindex`;
  return files.exists(path) ? Number(files.read(path)) : undefined;
}

function addressLine(index: number, name: string, address: string): string {
  return `${index}: ${name}    ${scopeOf(name, address)}\\       ${name === "lo" || address.startsWith("fe80:") ? "valid_lft forever preferred_lft forever" : "valid_lft 86349sec preferred_lft 14350sec"}\n`;
}

/** Family, address and what ip says of it, for an interface with DHCP and router advertisements. */
function scopeOf(name: string, address: string): string {
  if (!address.includes(":")) {
    if (name === "lo") return `inet ${address} scope host lo`;
    return `inet ${address} metric 1024 brd ${address.replace(/\d+\/24$/, "255")} scope global dynamic ${name}`;
  }
  if (name === "lo") return `inet6 ${address} scope host noprefixroute `;
  if (address.startsWith("fe80:")) return `inet6 ${address} scope link `;
  const scope = address.startsWith("fec0:") ? "site" : "global";
  return `inet6 ${address} scope ${scope} dynamic mngtmpaddr noprefixroute `;
}
