import type { CommandCall } from "../machine";
import type { Xen } from "../xen/xen";

/** What `xl info` prints (tools/xl/xl_info.c, 4.17). */
export function hostInfo(call: CommandCall, xen: Xen): string {
  const { data } = xen;
  const { release, version } = call.machine.kernel.data;
  const used = [...xen.domains.values()].reduce((sum, domain) => sum + domain.config.memory, data.dom0Memory);
  const values: readonly (readonly [string, string | number])[] = [
    ["host", call.machine.files.read("/etc/hostname").trim()],
    ["release", release],
    ["version", version],
    ["machine", "x86_64"],
    ["nr_cpus", data.cpus],
    ["max_cpu_id", data.cpus - 1],
    ["nr_nodes", 1],
    ["cores_per_socket", data.cpus],
    ["threads_per_core", 1],
    ["cpu_mhz", "2596.122"],
    ["hw_caps", "1fcbf3fd:f6d8320b:ec500800:00000077:00000005:01884329:0000020c:00000000"],
    ["virt_caps", capabilities(xen)],
    ["total_memory", data.memory],
    ["free_memory", data.memory - used],
    ["sharing_freed_memory", 0],
    ["sharing_used_memory", 0],
    ["outstanding_claims", 0],
    ["free_cpus", 0],
    ["xen_major", data.major],
    ["xen_minor", data.minor],
    ["xen_extra", data.extra],
    ["xen_version", `${data.major}.${data.minor}${data.extra}`],
    ["xen_caps", `xen-3.0-x86_64 ${data.hvm ? "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 " : ""}`],
    ["xen_scheduler", "credit2"],
    ["xen_pagesize", 4096],
    ["platform_params", "virt_start=0xffff800000000000"],
    ["xen_changeset", ""],
    ["xen_commandline", data.commandLine],
    ["cc_compiler", "x86_64-linux-gnu-gcc (Debian 12.2.0-14+deb12u1) 12.2.0"],
    ["cc_compile_by", "pkg-xen-devel"],
    ["cc_compile_domain", "lists.alioth.debian.org"],
    ["cc_compile_date", "Wed Nov  4 16:52:28 UTC 2026"],
    ["build_id", "151b373fd64b321593bf987fd923cd10dabadac4"],
    ["xend_config_format", 4],
  ];
  return values.map(([name, value]) => `${name.padEnd(22)} : ${value}\n`).join("");
}

function capabilities({ data }: Xen): string {
  const hvm = data.hvm ? ["hvm"] : [];
  const directIo = data.iommu ? [...hvm.map(() => "hvm_directio"), "pv_directio"] : [];
  const paging = data.hvm ? ["hap", ...(data.iommu ? ["iommu_hap_pt_share"] : [])] : [];
  return ["pv", ...hvm, ...directIo, ...paging, "gnttab-v1", "gnttab-v2"].join(" ");
}
