import type { PciAddress } from "../../provider/pci/address";
import { Errno } from "./errno";

/** What a PCI function is, as a profile describes it. Hexadecimal numbers without 0x, small letters. */
export interface PciFunctionData {
  readonly address: PciAddress;
  /** Vendor and device: `8086:10d3`. */
  readonly id: string;
  readonly subsystem: string;
  /** Base class, subclass and interface: `020000`. */
  readonly class: string;
  readonly revision?: string;
  /** What lspci prints after the address. */
  readonly label: string;
  /** The bridge above it; none on the root bus. */
  readonly bridge?: PciAddress;
  /** Whether the kernel knows a way to reset it alone. Default: yes for end points. */
  readonly resettable?: boolean;
  /** Whether the firmware shows itself on this display. */
  readonly bootDisplay?: boolean;
  /** The IOMMU group, when the kernel runs with an IOMMU. */
  readonly iommuGroup?: number;
  readonly sriov?: { readonly totalVfs: number; readonly vfId: string; readonly vfs: readonly PciAddress[] };
  /** What appears below the function in /sys while a driver holds it: `net/eth0` -> files. */
  readonly children?: Readonly<Record<string, ChildDevices>>;
}

/**
 * Folders and files below a function, by path relative to it or absolute (virtual devices); a class makes a link in
 * /sys/class.
 */
type ChildDevices = readonly {
  readonly path: string;
  readonly class?: "net" | "block" | "nvme";
  readonly files?: Readonly<Record<string, string>>;
  /** Links in it: name -> absolute path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Its paragraph in /proc/bus/input/devices. */
  readonly input?: string;
}[];

/** One function on the bus, with what changes about it. */
export interface PciFunction extends PciFunctionData {
  driver: PciDriver | undefined;
  driverOverride: string | undefined;
  numVfs: number;
  readonly physicalFunction?: PciAddress;
}

/** A driver as it is registered with the PCI bus (linux, include/linux/pci.h, struct pci_driver). */
export interface PciDriver {
  readonly name: string;
  /** The kernel module it comes from, as /sys/module spells it; none when built in. */
  readonly module: string | undefined;
  /** Whether its table of ids covers the function. */
  covers(device: PciFunction): boolean;
  /** Throws Errno when the driver does not take the function. */
  probe(device: PciFunction): void;
  remove(device: PciFunction): void;
  readonly sriov?: boolean;
  /** Files of its own in /sys/bus/pci/drivers/<name>. */
  readonly attributes?: Readonly<Record<string, { read?: () => string; write?: (text: string) => void; mode: number }>>;
}

/** The PCI bus of a simulated host: functions, drivers, and who holds what (linux drivers/base/bus.c, dd.c, 6.1). */
export class PciBus {
  private readonly functions = new Map<PciAddress, PciFunction>();
  private readonly registered = new Map<string, PciDriver>();
  /** Ids that were written to drivers/<name>/new_id: `8086 3a6c`. */
  private readonly addedIds = new Map<string, Set<string>>();
  /** Grows with every change, so that what is computed from the bus can be kept until then. */
  version = 0;

  constructor(functions: readonly PciFunctionData[]) {
    for (const data of functions) this.functions.set(data.address, newFunction(data));
  }

  get devices(): readonly PciFunction[] {
    return [...this.functions.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  get drivers(): readonly PciDriver[] {
    return [...this.registered.values()];
  }

  find(name: string): PciFunction | undefined {
    return this.functions.get(name as PciAddress);
  }

  driver(name: string): PciDriver | undefined {
    return this.registered.get(name);
  }

  /** pci_register_driver: the new driver is offered every function that has none. */
  register(driver: PciDriver): void {
    this.version++;
    this.registered.set(driver.name, driver);
    for (const device of this.devices)
      if (!device.driver && this.matches(driver, device)) this.tryProbe(driver, device);
  }

  unregister(name: string): void {
    for (const device of this.devices) if (device.driver?.name === name) this.release(device);
    this.registered.delete(name);
    this.version++;
  }

  /** Writing an address to drivers/<name>/bind (bind_store, drivers/base/bus.c): ENODEV, EBUSY, or what probe says. */
  bind(driver: PciDriver, text: string): void {
    const device = this.find(text.trim());
    if (!device || !this.matches(driver, device)) throw new Errno("ENODEV");
    if (device.driver) throw new Errno("EBUSY");
    driver.probe(device);
    device.driver = driver;
    this.version++;
  }

  /**
   * Writing `8086 3a6c` to drivers/<name>/new_id: the driver is offered every such function that has none
   * (new_id_store).
   */
  addId(driver: PciDriver, text: string): void {
    const id = readId(text);
    this.addedIds.set(driver.name, (this.addedIds.get(driver.name) ?? new Set()).add(id));
    for (const device of this.devices)
      if (!device.driver && this.matches(driver, device)) this.tryProbe(driver, device);
  }

  /** Writing to drivers/<name>/remove_id: what the driver holds it keeps (remove_id_store). */
  removeId(driver: PciDriver, text: string): void {
    if (!this.addedIds.get(driver.name)?.delete(readId(text))) throw new Errno("ENODEV");
  }

  /** The ids that were written to a driver's new_id and not to its remove_id. */
  idsOf(driver: string): readonly string[] {
    return [...(this.addedIds.get(driver) ?? [])];
  }

  /** Writing an address to drivers/<name>/unbind (unbind_store). */
  unbind(driver: PciDriver, text: string): void {
    const device = this.find(text.trim());
    if (!device || device.driver !== driver) throw new Errno("ENODEV");
    this.release(device);
  }

  /** Writing an address to drivers_probe: finding no driver is no error (bus_rescan_devices_helper). */
  probe(text: string): void {
    const device = this.find(text.trim());
    if (!device) throw new Errno("ENODEV");
    this.offer(device);
  }

  /**
   * Writing to a function's driver_override; an empty line takes it away (driver_set_override, drivers/base/driver.c).
   */
  override(device: PciFunction, text: string): void {
    const name = text.replace(/\n[\s\S]*$/, "");
    device.driverOverride = name === "" ? undefined : name;
    this.version++;
  }

  /** Writing to sriov_numvfs (linux drivers/pci/iov.c, sriov_numvfs_store). */
  setVfs(device: PciFunction, text: string): void {
    const sriov = device.sriov;
    if (!sriov || !/^\d+\n?$/.test(text)) throw new Errno("EINVAL");
    const count = Number(text);
    if (count > sriov.totalVfs) throw new Errno("ERANGE");
    if (count === device.numVfs) return;
    if (!device.driver?.sriov) throw new Errno("ENOENT");
    if (count > 0 && device.numVfs > 0) throw new Errno("EBUSY");
    for (const vf of this.virtualFunctionsOf(device)) {
      if (vf.driver) this.release(vf);
      this.functions.delete(vf.address);
    }
    device.numVfs = count;
    this.version++;
    // Each virtual function is an IOMMU group of its own, where the slot isolates its functions (ACS).
    const groupOf = (index: number) =>
      device.iommuGroup === undefined ? {} : { iommuGroup: 100 + device.iommuGroup + index };
    for (const [index, address] of sriov.vfs.slice(0, count).entries())
      this.plug({ ...device, address, id: sriov.vfId, ...groupOf(index) }, device.address);
  }

  virtualFunctionsOf(device: PciFunction): readonly PciFunction[] {
    return this.devices.filter((candidate) => candidate.physicalFunction === device.address);
  }

  private plug(data: PciFunctionData, physicalFunction: PciAddress): void {
    const { sriov: _, children: __, ...plain } = data;
    const device = { ...newFunction(plain), physicalFunction };
    this.functions.set(device.address, device);
    this.version++;
    this.offer(device);
  }

  private offer(device: PciFunction): void {
    for (const driver of this.registered.values()) {
      if (device.driver) return;
      if (this.matches(driver, device)) this.tryProbe(driver, device);
    }
  }

  /** pci_match_device (linux drivers/pci/pci-driver.c, 6.1): with an override, that driver alone, whatever its ids. */
  private matches(driver: PciDriver, device: PciFunction): boolean {
    if (device.driverOverride !== undefined) return device.driverOverride === driver.name;
    return driver.covers(device) || (this.addedIds.get(driver.name)?.has(device.id) ?? false);
  }

  private tryProbe(driver: PciDriver, device: PciFunction): void {
    try {
      driver.probe(device);
    } catch (error) {
      if (error instanceof Errno) return;
      throw error;
    }
    device.driver = driver;
    this.version++;
  }

  private release(device: PciFunction): void {
    // pciback lets go of the virtual functions first (linux pci_stub.c, pci_stub_notifier, 6.1).
    for (const vf of this.virtualFunctionsOf(device)) if (vf.driver?.name === "pciback") this.release(vf);
    device.driver?.remove(device);
    device.driver = undefined;
    this.version++;
  }
}

function readId(text: string): string {
  const match = /^([0-9a-f]+) ([0-9a-f]+)/.exec(text);
  if (!match) throw new Errno("EINVAL");
  return `${match[1]}:${match[2]}`;
}

function newFunction(data: PciFunctionData): PciFunction {
  return { ...data, driver: undefined, driverOverride: undefined, numVfs: 0 };
}
