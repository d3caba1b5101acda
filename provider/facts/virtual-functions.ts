import type { TextFile } from "../boot/text-file";
import { type PciAddress, parsePciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { type HostFiles, selectFiles } from "./files";
import { lastSegment, readLinks, readValues } from "./sysfs";

/** A function that can have virtual functions, with those that it has. */
export interface PhysicalFunction {
  /** How many the device can have (sriov_totalvfs). */
  readonly most: number;
  /** How many it has now. */
  readonly count: number;
  /** The virtual functions in the order of the device's numbers: virtfn0, virtfn1, … */
  readonly functions: readonly PciAddress[];
}

/** SR-IOV on a host: Documentation/ABI/testing/sysfs-bus-pci (Linux 6.1), sriov_totalvfs, sriov_numvfs, virtfnN. */
export interface VirtualFunctions {
  readonly physicalFunctions: ReadonlyMap<PciAddress, PhysicalFunction>;
  /** Whether the host has udev, whose rules create virtual functions at each boot. */
  readonly udev: boolean;
}

const RULES_FOLDER = "/etc/udev/rules.d";

const RULE_PREFIX = `${RULES_FOLDER}/70-pulumi-pci-passthrough-`;

/** The file of the rule that creates the virtual functions of this physical function. */
export function virtualFunctionsRulePath(address: PciAddress): string {
  return `${RULE_PREFIX}${address}.rules`;
}

/** All rules that this project writes. */
export const RULE_FILES: readonly string[] = [`${RULE_PREFIX}*.rules`];

/** The rules that this project wrote on the host. */
export function virtualFunctionsRules(files: HostFiles): readonly TextFile[] {
  return selectFiles(files, RULE_FILES);
}

/**
 * What the host says about SR-IOV. The number is that of the links: whoever reads sriov_numvfs waits for the device's lock
 * (linux, drivers/pci/iov.c, sriov_numvfs_show(), from 5.5 on), which an unbind that hangs holds.
 */
export const virtualFunctionsFact: Fact<VirtualFunctions> = {
  name: "virtual_functions",
  about: ["functions"],
  ask: `
print_values /sys/bus/pci/devices/*/sriov_totalvfs
print_links /sys/bus/pci/devices/*/virtfn*
command -v udevadm`,
  parse(answer) {
    const physicalFunctions = new Map<PciAddress, PhysicalFunction>();
    const links = [...readLinks(answer.text)].flatMap(([path, target]) => {
      const address = parsePciAddress(lastSegment(target));
      const [, folder = "", number] = /^(.*)\/virtfn(\d+)$/.exec(path) ?? [];
      return address && number !== undefined ? [{ folder, number: Number(number), address }] : [];
    });
    const values = readValues(answer.text);
    for (const [path, most] of values) {
      const folder = path.slice(0, -"/sriov_totalvfs".length);
      const address = parsePciAddress(lastSegment(folder));
      if (!address || !path.endsWith("/sriov_totalvfs")) continue;
      const functions = links
        .filter((link) => link.folder === folder)
        .sort((a, b) => a.number - b.number)
        .map((link) => link.address);
      physicalFunctions.set(address, { most: Number(most), count: functions.length, functions });
    }
    return { physicalFunctions, udev: /^\/.*\/udevadm$/m.test(answer.text) };
  },
};
