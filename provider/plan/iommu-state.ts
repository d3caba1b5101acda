import type { HostFacts } from "../facts/host-facts";

/**
 * Whether an IOMMU is in use, by Xen or by the kernel of a host without Xen, so that the DMA of VMs' devices is
 * remapped.
 */
export function isIommuActive(facts: HostFacts): boolean {
  if (facts.xen) return facts.xen.iommu === true;
  return (
    facts.iommu.units.length > 0 || [...facts.pciDevices.values()].some(({ iommuGroup }) => iommuGroup !== undefined)
  );
}
