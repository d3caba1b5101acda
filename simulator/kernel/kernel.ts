import { randomUUID } from "node:crypto";
import { Errno } from "./errno";
import { moduleName } from "./modprobe-config";
import { driverOf, type ModuleData, type ModuleLoader } from "./modules";
import { PciBus, type PciFunctionData } from "./pci-bus";
import { type DomainOf, Pciback } from "./pciback";

/** A kernel, and the hardware that it runs on. */
export interface KernelData {
  /** `uname -r` */
  readonly release: string;
  /** `uname -v` */
  readonly version: string;
  readonly pci: readonly PciFunctionData[];
  readonly modules: readonly ModuleData[];
  /** Whether this kernel drives the IOMMU; under Xen the hypervisor does. Default: no. */
  readonly iommu?: boolean;
  /**
   * Whether it does so without being told to: CONFIG_INTEL_IOMMU_DEFAULT_ON, and its variant without the integrated
   * GPU.
   */
  readonly iommuByDefault?: boolean;
  /** Whether functions have driver_override (since Linux 3.16). Default: yes. */
  readonly driverOverride?: boolean;
  /** Linux before 2.6.26: no /sys/class/block, folders instead of links in /sys/class/net, no mountinfo. */
  readonly oldSysfs?: boolean;
}

/** The kernel of a host from one boot to the next. */
export class Kernel implements ModuleLoader {
  readonly bootId = randomUUID();
  readonly bus: PciBus;
  readonly modules: readonly ModuleData[];
  private readonly loaded = new Map<string, string>();
  /** The hide list that pciback was loaded with. */
  hideList = "(null)";
  private readonly messages: string[] = [];
  private readonly bootedAt = Date.now();

  constructor(
    readonly data: KernelData,
    readonly commandLine: string,
    private readonly domainOf: DomainOf,
  ) {
    this.bus = new PciBus(data.pci);
    this.modules = data.modules;
    this.log(`Linux version ${data.release} (debian-kernel@lists.debian.org) ${data.version}`);
    this.log(`Command line: ${commandLine}`);
    for (const module of data.modules) if (module.builtin) this.startBuiltin(module);
  }

  /** Whether functions are in IOMMU groups. */
  get iommu(): boolean {
    const told = /(?:^|\s)intel_iommu=(on|off)(?=\s|$)/.exec(this.commandLine)?.[1];
    return this.data.iommu === true && (told === undefined ? this.data.iommuByDefault === true : told === "on");
  }

  /** Seconds since power on: the first login of this boot is possible after two minutes. */
  get uptime(): number {
    return 120 + (Date.now() - this.bootedAt) / 1000;
  }

  get loadedModules(): readonly string[] {
    return [...this.loaded.keys()].reverse();
  }

  isLoaded(name: string): boolean {
    return this.loaded.has(moduleName(name));
  }

  insert(module: ModuleData, parameters: string): void {
    this.start(module, [parameters, this.bootParameters(module.name)].filter((text) => text !== "").join(" "));
    this.loaded.set(module.name, parameters);
    this.bus.version++;
  }

  remove(name: string): void {
    const module = this.modules.find((candidate) => candidate.name === moduleName(name));
    const driver = this.bus.drivers.find((candidate) => candidate.module === module?.name);
    if (driver) this.bus.unregister(driver.name);
    this.loaded.delete(moduleName(name));
    this.bus.version++;
  }

  log(line: string): void {
    const seconds = ((Date.now() - this.bootedAt) / 1000).toFixed(6).padStart(12);
    this.messages.push(`[${seconds}] ${line}`);
  }

  /** What dmesg prints. */
  get messageText(): string {
    return this.messages.map((line) => `${line}\n`).join("");
  }

  /** An initcall that fails leaves its driver out; the boot goes on (linux init/main.c, do_one_initcall). */
  private startBuiltin(module: ModuleData): void {
    try {
      this.start(module, this.bootParameters(module.name));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }

  private start(module: ModuleData, parameters: string): void {
    if (module.name === "xen_pciback" || module.name === "pciback") {
      // A parameter that is given twice has its last value (linux lib/moduleparam, charp).
      const hide = [...parameters.matchAll(/(?:^|\s)hide=(\S*)/g)].at(-1)?.[1] ?? "";
      this.hideList = hide === "" ? "(null)" : hide;
      this.log(`${module.name}: backend is vpci`);
      const options = { hide, module: module.builtin ? undefined : module.name };
      this.bus.register(new Pciback(this.bus, (line) => this.log(line), this.domainOf, options));
      return;
    }
    const driver = driverOf(module);
    if (driver) this.bus.register(driver);
  }

  /** `module.parameter=value` of the command line, for a module as for built-in code (kernel-parameters.rst). */
  private bootParameters(module: string): string {
    return this.commandLine
      .split(/\s+/)
      .flatMap((word) => {
        const dot = word.indexOf(".");
        return dot > 0 && moduleName(word.slice(0, dot)) === module ? [word.slice(dot + 1)] : [];
      })
      .join(" ");
  }
}
