import type { PciAddress } from "../../provider/pci/address";
import type { FileTree } from "../kernel/file-tree";
import type { Domain } from "./domain";
import { Hypervisor } from "./hypervisor";
import { Xenstore } from "./xenstore";

/** What a profile says of its hypervisor. */
export interface XenData {
  readonly major: number;
  readonly minor: number;
  readonly extra: string;
  /** What the boot loader gives Xen. */
  readonly commandLine: string;
  readonly iommu: boolean;
  /** Whether Xen can run HVM guests here. */
  readonly hvm: boolean;
  /** MiB */
  readonly memory: number;
  readonly dom0Memory: number;
  readonly cpus: number;
}

/** Xen and its tools from one boot of the host to the next. */
export class Xen {
  readonly store = new Xenstore();
  readonly hypervisor: Hypervisor;
  readonly domains = new Map<number, Domain>();
  private lastDomain = 0;

  constructor(
    readonly data: XenData,
    readonly files: FileTree,
  ) {
    this.hypervisor = new Hypervisor({ iommu: data.iommu, quarantine: isAtLeast(this, 13) });
    this.store.write("/local/domain/0/name", "Domain-0");
    this.store.write("/local/domain/0/domid", 0);
    this.store.write("/local/domain/0/control/feature-poweroff", 1);
  }

  nextDomain(): number {
    return ++this.lastDomain;
  }

  /** By id or by name, as the commands of xl take it. */
  find(nameOrId: string): Domain | undefined {
    if (/^\d+$/.test(nameOrId)) return this.domains.get(Number(nameOrId));
    return [...this.domains.values()].find((domain) => domain.config.name === nameOrId);
  }

  /** Which domain libxl says has the device (`/libxl/pci/<bdf>/domid`). */
  userOf(address: string): number | undefined {
    const domain = this.store.read(`${storePath(address)}/domid`);
    return domain === undefined ? undefined : Number(domain);
  }
}

/** What a version brought: `isAtLeast(xen, 13)` is Xen 4.13 and later. */
export function isAtLeast({ data }: Xen, minor: number): boolean {
  return data.major > 4 || (data.major === 4 && data.minor >= minor);
}

/** Where libxl keeps what it knows of a device: `/libxl/pci/0000-01-00-0` (libxl_pci.c, 4.15 and later). */
export function storePath(address: string): string {
  return `/libxl/pci/${address.replaceAll(/[:.]/g, "-")}`;
}

/** `%x:%x:%x.%x`: how libxl names devices in some messages, without leading zeros. */
export function unpadded(address: PciAddress): string {
  const [domain = "0", bus = "0", slot = "0", func = "0"] = address
    .split(/[:.]/)
    .map((part) => Number.parseInt(part, 16).toString(16));
  return `${domain}:${bus}:${slot}.${func}`;
}
