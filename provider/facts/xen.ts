import type { Fact } from "./answers";
import { readValues } from "./sysfs";

/** The hypervisor of a host that is a Xen dom0. */
export interface Xen {
  readonly major: number;
  readonly minor: number;
  /** Whether VMs get DMA remapping for their devices; undefined when neither xl nor xm said. */
  readonly iommu: boolean | undefined;
  /** The arguments that the hypervisor was booted with; undefined when neither xl nor xm said. */
  readonly commandLine?: string | undefined;
  /** Whether `xl` is installed and answers. */
  readonly xl: boolean;
}

/** Undefined where the host does not run on Xen. From 3.3 on, `xm info` says the same as that of xl, but does not count as xl. */
export const xenFact: Fact<Xen | undefined> = {
  name: "xen",
  about: [],
  ask: `
on_xen || return
print_values /sys/hypervisor/version/major /sys/hypervisor/version/minor
command -v xl >&2 || { command -v xm >&2 && limited 30 xm info; return 1; }
limited 30 xl info`,
  parse(answer) {
    const values = readValues(answer.text);
    const major = values.get("/sys/hypervisor/version/major");
    if (major === undefined) return undefined;
    // xl_info.c (4.17), and xc.c of xend (4.1): lists hvm_directio and pv_directio when Xen has an IOMMU to use.
    const capabilities = /^virt_caps\s*:(.*)$/m.exec(answer.text)?.[1];
    return {
      major: Number(major),
      minor: Number(values.get("/sys/hypervisor/version/minor")),
      iommu: capabilities === undefined ? undefined : capabilities.includes("directio"),
      commandLine: /^xen_commandline\s*:(.*)$/m.exec(answer.text)?.[1]?.trim(),
      xl: answer.exitCode === 0,
    };
  },
};

/** Whether the version is this one or a later one. */
export function xenIsAtLeast(xen: Xen, major: number, minor: number): boolean {
  return xen.major > major || (xen.major === major && xen.minor >= minor);
}
