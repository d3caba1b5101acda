import type { TextFile } from "../../boot/text-file";
import { fromBytes } from "../../bytes";
import { runningDomains } from "../../facts/domains";
import type { HostFacts } from "../../facts/host-facts";
import { storageAt } from "../../facts/storage";
import { vmConfigs } from "../../facts/vm-configs";
import type { PciAddress } from "../../pci/address";
import { parseXlConfig, type XlConfig } from "../../vm-text/xl-config";
import { XL_LANGUAGE, XM_LANGUAGE } from "../../vm-text/xl-config-language";

/** A block device of the host that a VM has as a disk. */
export interface HostDiskOfVm {
  readonly vm: string;
  /** `/dev/vg0/web` */
  readonly path: string;
  /** The PCI functions that it is connected to; not the bridges above them. */
  readonly carriedBy: readonly PciAddress[];
}

/** The disks of all VMs, running or not. Disks in files are guarded by the mount that holds them. */
export function disksOfVms(facts: HostFacts): readonly HostDiskOfVm[] {
  return pathsOfDisks(facts).map((disk) => ({
    ...disk,
    carriedBy: storageAt(facts.storage, disk.path)?.carriedBy ?? [],
  }));
}

function pathsOfDisks(facts: HostFacts): readonly Pick<HostDiskOfVm, "vm" | "path">[] {
  const { files, libvirt } = facts;
  const configured = vmConfigs(files).flatMap((file) => {
    const { name = file.path, disks } = configIn(file);
    const vm = fromBytes(name);
    return disks.flatMap((disk) => pathOfDisk(disk) ?? []).map((path) => ({ vm, path }));
  });
  const running = runningDomains(facts).flatMap(({ name, disks }) =>
    disks.flatMap((disk) => pathOfDisk(disk) ?? []).map((path) => ({ vm: name, path })),
  );
  const ofLibvirt =
    libvirt?.kind === "answers"
      ? libvirt.domains.flatMap(({ name, config, live }) =>
          [...config.disks, ...(live?.disks ?? [])].flatMap((disk) =>
            disk.kind === "block" ? [{ vm: name, path: disk.path }] : [],
          ),
        )
      : [];
  const all = [...configured, ...running, ...ofLibvirt];
  return [...new Map(all.map((disk) => [`${disk.path} ${disk.vm}`, disk])).values()];
}

/** What a VM's file says of its disks, to xl or else to xm; of one that neither reads, whatever looks like a disk. */
function configIn({ text }: TextFile): Pick<XlConfig, "name" | "disks"> {
  for (const language of [XL_LANGUAGE, XM_LANGUAGE]) {
    const config = parseXlConfig(text, language);
    if (config.kind === "config") return config;
  }
  return { name: undefined, disks: text.replaceAll(/^[ \t]*#.*/gm, "").match(/\bphy:[^\s'",]+/g) ?? [] };
}

/**
 * The block device of a disk specification: `phy:vg0/web,xvda,w`, `/dev/sdb,raw,xvda,rw`, `vdev=xvda, target=/dev/sdb`
 * (xen, docs/man/xl-disk-configuration.5.pod.in, 4.17). A `phy:` path may leave out /dev.
 */
function pathOfDisk(disk: string): string | undefined {
  const physical = /(?:^|[\s,=])(?:\w+:)*phy:([^,\s]+)/.exec(disk)?.[1];
  if (physical !== undefined) return physical.startsWith("/") ? physical : `/dev/${physical}`;
  return /(?:^|[\s,=:])(\/dev\/[^,\s]+)/.exec(disk)?.[1];
}
