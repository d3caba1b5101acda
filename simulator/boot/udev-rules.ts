import { errnoOf } from "../kernel/errno";
import type { FileTree } from "../kernel/file-tree";
import type { PciBus, PciFunction } from "../kernel/pci-bus";

const FOLDERS = ["/lib/udev/rules.d", "/etc/udev/rules.d"];

/**
 * What udev does for PCI functions that got their driver (udev(7), 252): each rule whose matches all hold makes its
 * assignments. Rules about other things than ACTION, SUBSYSTEM, KERNEL, DRIVER and ATTR are passed over.
 */
export function applyUdevRules(files: FileTree, bus: PciBus): void {
  const rules = FOLDERS.flatMap((folder) =>
    files.exists(folder) ? files.list(folder).map((name) => `${folder}/${name}`) : [],
  )
    .filter((path) => path.endsWith(".rules"))
    .flatMap((path) => files.read(path).split("\n"));
  for (const device of bus.devices) for (const rule of rules) applyRule(rule, device, bus);
}

function applyRule(rule: string, device: PciFunction, bus: PciBus): void {
  const terms = [...rule.matchAll(/(\w+)(?:\{(\w+)\})?(==|=)"([^"]*)"/g)];
  const matches = terms.filter(([, , , operator]) => operator === "==");
  const values: Readonly<Record<string, string | undefined>> = {
    ACTION: "bind",
    SUBSYSTEM: "pci",
    KERNEL: device.address,
    DRIVER: device.driver?.name ?? "",
  };
  if (rule.startsWith("#") || matches.length === 0) return;
  if (!matches.every(([, key = "", , , pattern = ""]) => fits(values[key], pattern))) return;
  for (const [, key, attribute, operator, value = ""] of terms) {
    // udev logs a write that fails, and goes on.
    if (key === "ATTR" && operator === "=" && attribute === "sriov_numvfs") errnoOf(() => bus.setVfs(device, value));
  }
}

/** fnmatch(3) with alternatives: `add|bind`, `?*`. */
function fits(value: string | undefined, pattern: string): boolean {
  if (value === undefined) return false;
  const asRegExp = (text: string) =>
    text
      .replace(/[.+^${}()[\]\\]/g, "\\$&")
      .replace(/\*/g, ".*")
      .replace(/\?/g, ".");
  return pattern.split("|").some((alternative) => new RegExp(`^${asRegExp(alternative)}$`).test(value));
}
