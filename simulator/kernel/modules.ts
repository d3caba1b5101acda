import { Errno } from "./errno";
import { type ModprobeConfig, moduleName } from "./modprobe-config";
import type { PciDriver, PciFunction } from "./pci-bus";

/** A kernel module of a host, as a profile describes it; the module xen_pciback brings its driver along. */
export interface ModuleData {
  readonly name: string;
  /** Below /lib/modules/<release>: `kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko`. */
  readonly file: string;
  readonly builtin?: boolean;
  readonly depends?: readonly string[];
  readonly driver?: {
    readonly name: string;
    /** `8086:10d3`; `8086:*` is every device of a vendor. */
    readonly ids?: readonly string[];
    /** Class codes or their beginnings: `0c0330`, `0604`. */
    readonly classes?: readonly string[];
    readonly sriov?: boolean;
    /** Its probe gives virtual functions up: they are offline until somebody configures them. */
    readonly refusesVirtualFunctions?: boolean;
  };
}

/** The PCI driver that a module registers; undefined where it has none. */
export function driverOf(module: ModuleData): PciDriver | undefined {
  const { driver } = module;
  if (!driver) return undefined;
  return {
    name: driver.name,
    module: module.builtin ? undefined : module.name,
    sriov: driver.sriov ?? false,
    covers: (device) => coversFunction(module, device),
    probe: (device) => {
      if (driver.refusesVirtualFunctions && device.physicalFunction !== undefined) throw new Errno("ENODEV");
    },
    remove: () => {},
  };
}

/** Whether a module's table of ids has the function (modules.alias). */
export function coversFunction(module: ModuleData, device: Pick<PciFunction, "id" | "class">): boolean {
  const vendor = device.id.split(":")[0];
  return (
    (module.driver?.ids ?? []).some((id) => id === device.id || id === `${vendor}:*`) ||
    (module.driver?.classes ?? []).some((code) => device.class.startsWith(code))
  );
}

/** `pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00`, as the file modalias has it. */
export function modaliasOf(device: Pick<PciFunction, "id" | "subsystem" | "class">): string {
  const [vendor = "", id = ""] = device.id.toUpperCase().split(":");
  const [subvendor = "", subid = ""] = device.subsystem.toUpperCase().split(":");
  const [base, sub, face] = device.class.toUpperCase().match(/../g) ?? [];
  const wide = (digits: string) => digits.padStart(8, "0");
  return `pci:v${wide(vendor)}d${wide(id)}sv${wide(subvendor)}sd${wide(subid)}bc${base}sc${sub}i${face}`;
}

/** Where modprobe runs: which modules there are to load, and what modprobe.d says there. */
export interface ModuleSource {
  readonly available: (module: string) => boolean;
  readonly config: ModprobeConfig;
}

/** What modprobe needs of a kernel. */
export interface ModuleLoader {
  readonly modules: readonly ModuleData[];
  isLoaded(name: string): boolean;
  /** init_module(2). Throws Errno. */
  insert(module: ModuleData, parameters: string): void;
}

/** Thrown where modprobe says FATAL: there is no such module. */
export class ModuleNotFound extends Error {
  override readonly name = "ModuleNotFound";
}

/** What `modprobe NAME` does: softdeps, dependencies, options, then the module. Throws ModuleNotFound, Errno. */
export function modprobe(loader: ModuleLoader, source: ModuleSource, name: string): void {
  load(loader, source, name, new Set());
}

function load(loader: ModuleLoader, source: ModuleSource, name: string, seen: Set<string>): void {
  const wanted = moduleName(name);
  const module = loader.modules.find((candidate) => candidate.name === wanted);
  if (!module || !(module.builtin || source.available(wanted))) throw new ModuleNotFound(name);
  if (seen.has(wanted) || module.builtin || loader.isLoaded(wanted)) return;
  seen.add(wanted);
  const install = source.config.installs.get(wanted);
  if (install !== undefined && !runInstall(loader, source, install, wanted, seen)) return;
  const softdeps = source.config.softdeps.filter((softdep) => softdep.module === wanted);
  const soft = (names: readonly string[]) => {
    for (const needed of names) loadIfPossible(loader, source, needed, seen);
  };
  soft(softdeps.flatMap((softdep) => softdep.pre));
  for (const needed of module.depends ?? []) load(loader, source, needed, seen);
  const options = source.config.options.filter((option) => option.module === wanted).map((option) => option.parameters);
  loader.insert(module, options.join(" "));
  soft(softdeps.flatMap((softdep) => softdep.post));
}

/**
 * `/sbin/modprobe pciback; /sbin/modprobe --ignore-install NAME`: whether the module itself is to be loaded then; other
 * commands are not run.
 */
function runInstall(
  loader: ModuleLoader,
  source: ModuleSource,
  line: string,
  wanted: string,
  seen: Set<string>,
): boolean {
  for (const command of line.split(";")) {
    const [program = "", ...words] = command.trim().split(/\s+/);
    const name = moduleName(words.find((word) => !word.startsWith("-")) ?? "");
    if (!program.endsWith("modprobe") || name === "") return false;
    if (name === wanted) return words.includes("--ignore-install");
    loadIfPossible(loader, source, name, seen);
  }
  return false;
}

/** A soft dependency that is missing or fails stops nothing. */
function loadIfPossible(loader: ModuleLoader, source: ModuleSource, name: string, seen: Set<string>): void {
  try {
    load(loader, source, name, seen);
  } catch (error) {
    if (!(error instanceof ModuleNotFound || error instanceof Errno)) throw error;
  }
}

/** What udev does for each device at boot: the modules that its modalias names, unless they are on the blacklist. */
export function coldplug(loader: ModuleLoader, source: ModuleSource, devices: readonly PciFunction[]): void {
  for (const device of devices) {
    for (const module of loader.modules) {
      if (coversFunction(module, device) && !source.config.blacklist.has(module.name)) {
        loadIfPossible(loader, source, module.name, new Set());
      }
    }
  }
}
