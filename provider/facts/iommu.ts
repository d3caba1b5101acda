import type { Fact } from "./answers";

/** What can remap the DMA of devices for VMs, by what its table of the firmware is called. */
export type IommuMaker = "intel" | "amd";

/** What the firmware offers, and what the kernel made of it. */
export interface Iommu {
  /** Undefined where the firmware has no table of it: there is none, or it is switched off in the firmware's setup. */
  readonly offered: IommuMaker | undefined;
  /** The units that the kernel uses (/sys/class/iommu); always empty in a dom0, where Xen has them. */
  readonly units: readonly string[];
}

const TABLES = "/sys/firmware/acpi/tables";

// DMAR: Intel VT-d 3.3, 8.1. IVRS: AMD I/O Virtualization 3.05, 5.2. Xen hides Intel's from dom0 by another signature once
// it uses it: "RMAD" (seen on 4.17), "XMAR" (xen/drivers/passthrough/vtd/dmar.c of older ones). Its own log has the
// tables by their names, until the log wraps around.
export const iommuFact: Fact<Iommu> = {
  name: "iommu",
  ask: `
ls -d /sys/class/iommu/*
ls -d ${TABLES}/DMAR ${TABLES}/RMAD ${TABLES}/XMAR ${TABLES}/IVRS | grep . && return
[ "$(cat /sys/hypervisor/type)" = xen ] && command -v xl >&2 && xl dmesg | grep -E 'ACPI: (DMAR|IVRS) '
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
