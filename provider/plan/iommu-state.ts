import type { HostFacts } from "../facts/host-facts";

/** Whether VMs can get devices whose DMA is remapped: by Xen, or by the kernel of a host without it. */
export function isIommuActive(facts: HostFacts): boolean {
  if (facts.xen) return facts.xen.iommu === true;
  return facts.iommu.units.length > 0 || [...facts.pciDevices.values()].some((one) => one.iommuGroup !== undefined);
}
