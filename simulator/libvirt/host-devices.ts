import type { PciAddress } from "../../provider/pci/address";
import { readModuleSource } from "../boot/module-source";
import { Errno } from "../kernel/errno";
import type { FileTree } from "../kernel/file-tree";
import type { Kernel } from "../kernel/kernel";
import { ModuleNotFound, modprobe } from "../kernel/modules";
import type { PciFunction } from "../kernel/pci-bus";

/** What virsh prints after "error: ". */
export class LibvirtError extends Error {
  override readonly name = "LibvirtError";
}

/** The host below libvirt. */
export interface LibvirtHost {
  readonly kernel: Kernel;
  readonly files: FileTree;
}

interface Taken {
  readonly address: PciAddress;
  readonly managed: boolean;
}

const STUBS = ["vfio-pci", "pci-stub", "pciback"];

/**
 * What libvirt does to PCI functions of the host (src/hypervisor/virhostdev.c, src/util/virpci.c, 9.0; seen in the
 * lab).
 */
export class HostDevices {
  constructor(
    private readonly machine: LibvirtHost,
    private readonly stub: string,
  ) {}

  /** `virsh nodedev-detach`: to the stub driver; a function that is there already stays. */
  detach(address: PciAddress, stub = this.stub): void {
    const { kernel, files } = this.machine;
    const device = this.device(address);
    if (device.driver?.name === stub) return;
    try {
      modprobe(kernel, readModuleSource(files, kernel.data), stub);
    } catch (error) {
      if (!(error instanceof ModuleNotFound || error instanceof Errno)) throw error;
      throw new LibvirtError(`internal error: Failed to load PCI stub module ${stub}`);
    }
    const driver = kernel.bus.driver(stub);
    if (!driver) throw new LibvirtError(`internal error: Failed to load PCI stub module ${stub}`);
    if (kernel.data.driverOverride === false) {
      const id = device.id.replace(":", " ");
      if (device.driver) kernel.bus.unbind(device.driver, address);
      kernel.bus.addId(driver, id);
      kernel.bus.removeId(driver, id);
      return;
    }
    kernel.bus.override(device, `${stub}\n`);
    if (device.driver) kernel.bus.unbind(device.driver, address);
    kernel.bus.probe(address);
  }

  /** `virsh nodedev-reattach`: to whichever driver of the host takes it. */
  reattach(address: PciAddress): void {
    const { bus } = this.machine.kernel;
    const device = this.device(address);
    if (!device.driver || !STUBS.includes(device.driver.name)) return;
    bus.override(device, "\n");
    bus.unbind(device.driver, address);
    bus.probe(address);
  }

  /** For a VM that starts or gets the function. */
  take({ address, managed }: Taken): void {
    const { driver } = this.device(address);
    if (managed) this.detach(address);
    else if (driver?.name !== this.stub)
      throw new LibvirtError(
        `Requested operation is not valid: Unmanaged PCI device ${address} must be manually detached from the host`,
      );
  }

  giveBack({ address, managed }: Taken): void {
    if (managed) this.reattach(address);
  }

  /** vfio: every function of the group has left its host driver. */
  checkGroup(address: PciAddress, complaint: (reason: string) => string): void {
    const { kernel } = this.machine;
    const group = this.device(address).iommuGroup;
    if (this.stub !== "vfio-pci" || !kernel.iommu || group === undefined) return;
    const viable = kernel.bus.devices
      .filter((device) => device.iommuGroup === group)
      .every(
        (device) => device.driver === undefined || STUBS.includes(device.driver.name) || device.class.startsWith("06"),
      );
    if (!viable) throw new LibvirtError(complaint(`vfio ${address}: group ${group} is not viable`));
  }

  private device(address: PciAddress): PciFunction {
    const device = this.machine.kernel.bus.find(address);
    if (!device)
      throw new LibvirtError(`Device ${address} not found: could not access /sys/bus/pci/devices/${address}/config`);
    return device;
  }
}
