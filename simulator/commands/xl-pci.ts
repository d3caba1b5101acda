import { parsePciAddress } from "../../provider/pci/address";
import type { Command, CommandCall, CommandOutput } from "../machine";
import { addAssignable, listAssignable, removeAssignable } from "../xen/assignable";
import { attachDevice, detachDevice } from "../xen/attachment";
import { readSpec } from "../xen/config-file";
import type { Domain } from "../xen/domain";
import { LibxlLog } from "../xen/libxl-log";
import { isAtLeast, type Xen } from "../xen/xen";
import { failed, splitOptions } from "./command";

/** The pci-* subcommands of xl (tools/xl/xl_pci.c, 4.17). */
export const xlPciCommands: Readonly<Record<string, Command>> = {
  "pci-assignable-list": withXen((_, xen, log) => {
    const names = listAssignable(xen, log)?.map((address) => {
      const name = xen.store.read(`/libxl/pci/${address.replaceAll(/[:.]/g, "-")}/name`) ?? "";
      return isAtLeast(xen, 15) ? `${address} ${name}\n` : `${address}\n`;
    });
    return { stdout: names?.join("") ?? "", stderr: log.text, exitCode: 0 };
  }),
  "pci-assignable-add": withXen((call, xen, log) => {
    const nameAt = call.args.findIndex((arg) => arg === "-n" || arg === "--name");
    const name = nameAt < 0 ? undefined : call.args[nameAt + 1];
    const [text = ""] = call.args.filter(
      (arg, index) => !arg.startsWith("-") && !(nameAt >= 0 && index === nameAt + 1),
    );
    const address = parsePciAddress(text);
    if (!address) return failed(2, `pci-assignable-add: malformed BDF "${text}"\n`);
    return ended(xen, log, addAssignable(xen, log, address, name));
  }),
  "pci-assignable-remove": withXen((call, xen, log) => {
    const { options, words } = splitOptions(call.args);
    const text = words[0] ?? "";
    const address = parsePciAddress(text) ?? parsePciAddress(named(xen, text) ?? "");
    if (!address) return failed(2, `pci-assignable-remove: malformed BDF '${text}'\n`);
    return ended(xen, log, removeAssignable(xen, log, address, options.includes("r")));
  }),
  "pci-list": withXen((call, xen) => {
    const domain = findDomain(xen, call.args[0] ?? "");
    if ("exitCode" in domain) return domain;
    if (domain.devices.length === 0) return { stdout: "", stderr: "", exitCode: 0 };
    const rows = domain.devices.map((device) => {
      const slot = (device.vdevfn >> 3).toString(16).padStart(2, "0");
      return `${slot}.${device.vdevfn & 7} ${device.address}\n`;
    });
    return { stdout: `Vdev Device\n${rows.join("")}`, stderr: "", exitCode: 0 };
  }),
  "pci-attach": withXen((call, xen, log) => {
    const [name = "", ...spec] = call.args;
    const domain = findDomain(xen, name);
    if ("exitCode" in domain) return domain;
    const text = spec[0] ?? "";
    const device = readSpec(text, {}, xen.data.minor);
    if (!device) return failed(2, `pci-attach: malformed PCI_SPEC_STRING "${text}"\n`);
    return ended(xen, log, attachDevice(xen, log, domain, device));
  }),
  "pci-detach": withXen((call, xen, log) => {
    const [name = "", text = ""] = splitOptions(call.args).words;
    const domain = findDomain(xen, name);
    if ("exitCode" in domain) return domain;
    const device = readSpec(text, {}, xen.data.minor);
    if (!device) return failed(2, `pci-detach: malformed PCI_SPEC_STRING "${text}"\n`);
    return ended(xen, log, detachDevice(xen, log, domain, device.address));
  }),
};

/** A command of `xl` that fails as xl does where no Xen runs. */
export function withXen(act: (call: CommandCall, xen: Xen, log: LibxlLog) => CommandOutput): Command {
  return (call) => {
    const { xen } = call.machine;
    if (!xen)
      return failed(
        1,
        "xencall: error: Could not obtain handle on privileged command interface: No such file or directory\n",
      );
    return act(call, xen, new LibxlLog());
  };
}

/** A domain by name or id, or what xl prints for one that it does not know (tools/xl/xl_utils.c). */
export function findDomain(xen: Xen, name: string): Domain | CommandOutput {
  return xen.find(name) ?? failed(1, `${name} is an invalid domain identifier (rc=-6)\n`);
}

/** Before 4.8 these commands exit with 0 whatever happened (e2b7aa2935). */
function ended(xen: Xen, log: LibxlLog, rc: number): CommandOutput {
  return { stdout: "", stderr: log.text, exitCode: rc === 0 || !isAtLeast(xen, 8) ? 0 : 1 };
}

function named(xen: Xen, name: string): string | undefined {
  const folder = xen.store.list("/libxl/pci")?.find((entry) => xen.store.read(`/libxl/pci/${entry}/name`) === name);
  return folder?.replace(/^(\w+)-(\w+)-(\w+)-(\w+)$/, "$1:$2:$3.$4");
}
