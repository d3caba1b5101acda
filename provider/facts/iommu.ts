import type { Fact } from "./answers";

/** Whose IOMMU remaps the DMA of devices for VMs, told by the name of the firmware's table. */
export type IommuMaker = "intel" | "amd";

/** The IOMMU that the firmware offers, and what the kernel makes of it. */
export interface Iommu {
  /**
   * Undefined where the firmware has no table for one: there is none, or it is switched off in the firmware's setup.
   */
  readonly offered: IommuMaker | undefined;
  /** Names of the units that the kernel uses (/sys/class/iommu); always empty in a dom0, where Xen uses them. */
  readonly units: readonly string[];
}

const TABLES = "/sys/firmware/acpi/tables";

/**
 * DMAR: Intel VT-d 3.3, 8.1. IVRS: AMD I/O Virtualization 3.05, 5.2. Once Xen uses Intel's table, it hides it from dom0
 * under another signature: "RMAD" (seen on 4.17) or "XMAR" (older versions, xen/drivers/passthrough/vtd/dmar.c). Xen's
 * log has the real names until it wraps around.
 */
export const iommuFact: Fact<Iommu> = {
  name: "iommu",
  about: [],
  ask: `
print_paths /sys/class/iommu/*
for table in DMAR RMAD XMAR IVRS; do
  [ ! -e ${TABLES}/$table ] || { echo ${TABLES}/$table; return; }
done
on_xen && command -v xl >&2 && limited 30 xl dmesg | grep -E 'ACPI: (DMAR|IVRS) '
return 0`,
  parse({ text }) {
    const tables = new Set([...text.matchAll(/(?:tables\/|ACPI: )(DMAR|RMAD|XMAR|IVRS)\b/g)].map(([, name]) => name));
    const intel = tables.has("DMAR") || tables.has("RMAD") || tables.has("XMAR");
    return {
      offered: intel ? "intel" : tables.has("IVRS") ? "amd" : undefined,
      units: [...text.matchAll(/^\/sys\/class\/iommu\/(.+)$/gm)].map(([, name]) => name ?? ""),
    };
  },
};
