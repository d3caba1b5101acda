import { Errno } from "../kernel/errno";

/** The sentinel domain that owns devices in quarantine (xen docs/misc/xen-command-line.pandoc, iommu=quarantine). */
export const DOMID_IO = 0x7ff1;

/** What Xen itself knows of devices (xen/drivers/passthrough/pci.c, 4.17). */
export class Hypervisor {
  readonly iommu: boolean;
  private readonly owners = new Map<string, number>();
  private readonly quarantine: boolean;

  /** `quarantine`: whether what a guest had goes there, and not to dom0; since Xen 4.13 (commit 319f9a0ba9). */
  constructor(options: { readonly iommu: boolean; readonly quarantine: boolean }) {
    this.iommu = options.iommu;
    this.quarantine = options.quarantine;
  }

  ownerOf(address: string): number {
    return this.owners.get(address) ?? 0;
  }

  /** XEN_DOMCTL_assign_device; EOPNOTSUPP without an IOMMU, EBUSY when a guest owns the device. */
  assign(domain: number, address: string): void {
    this.testAssign(address);
    this.owners.set(address, domain);
  }

  /** XEN_DOMCTL_test_assign_device */
  testAssign(address: string): void {
    if (!this.iommu) throw new Errno("EOPNOTSUPP");
    const owner = this.ownerOf(address);
    if (owner !== 0 && owner !== DOMID_IO) throw new Errno("EBUSY");
  }

  /** Any of these calls for a domain that was started without an IOMMU. */
  refuseWithoutIommu(): never {
    throw new Errno("EOPNOTSUPP");
  }

  /**
   * XEN_DOMCTL_deassign_device: from a guest into quarantine or to dom0, from quarantine to dom0; ENODEV when that
   * domain does not own it.
   */
  deassign(domain: number, address: string): void {
    if (!this.iommu) throw new Errno("EOPNOTSUPP");
    if (!this.owners.has(address) || this.ownerOf(address) !== domain) throw new Errno("ENODEV");
    this.takeFrom(domain, address);
  }

  /** The guest is gone: what it owned goes into quarantine, or to dom0. */
  destroy(domain: number): void {
    for (const [address, owner] of this.owners) if (owner === domain) this.takeFrom(domain, address);
  }

  private takeFrom(domain: number, address: string): void {
    if (domain === DOMID_IO || !this.quarantine) this.owners.delete(address);
    else this.owners.set(address, DOMID_IO);
  }
}
