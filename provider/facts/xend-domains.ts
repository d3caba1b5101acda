import { fromBytes } from "../bytes";
import { type PciAddress, parsePciAddress } from "../pci/address";
import { parseSxp, type Sxp, type SxpList, sxpChildren, sxpValue } from "../vm-text/sxp";

/** A running VM, with what `Domain` needs. */
interface XendDomain {
  readonly id: number;
  readonly name: string;
  readonly uuid: string | undefined;
  readonly paused: boolean;
  readonly startedForDevices: boolean;
  readonly pciDevices: readonly { readonly address: PciAddress }[];
  readonly disks: readonly string[];
}

/**
 * Reads `xm list --long` (xen, tools/python/xen/xm/main.py, 4.1); undefined when that is no list. VMs that do not run
 * have no domid.
 */
export function readXendDomains(printed: string): readonly XendDomain[] | undefined {
  const items = parseSxp(printed);
  return (
    items &&
    sxpChildren(items, "domain").flatMap(({ items: domain }): XendDomain[] => {
      const id = Number(sxpValue(domain, "domid"));
      const name = sxpValue(domain, "name");
      if (!Number.isInteger(id) || id <= 0 || name === undefined) return [];
      return [
        {
          id,
          name: fromBytes(name),
          uuid: sxpValue(domain, "uuid"),
          paused: sxpValue(domain, "state")?.charAt(2) === "p",
          // Up to Xen 4.12 a VM can get devices however it was started, and xend ended with 4.4.
          startedForDevices: true,
          pciDevices: pciLists(domain)
            .flatMap((pci) => sxpChildren(pci.items, "dev"))
            .flatMap((dev) => addressOf(dev) ?? [])
            .map((address) => ({ address })),
          disks: sxpChildren(domain, "device")
            .flatMap((device) => ["vbd", "tap", "tap2"].flatMap((kind) => sxpChildren(device.items, kind)))
            .flatMap((disk) => sxpValue(disk.items, "uname") ?? []),
        },
      ];
    })
  );
}

/** `(device (pci (dev (domain 0x0000) (bus 0x01) (slot 0x00) (func 0x0)) …))` */
function pciLists(domain: readonly Sxp[]): readonly SxpList[] {
  return sxpChildren(domain, "device").flatMap((device) => sxpChildren(device.items, "pci"));
}

function addressOf({ items }: SxpList): PciAddress | undefined {
  const hex = (name: string, width: number) =>
    Number.parseInt(sxpValue(items, name) ?? "0", 16)
      .toString(16)
      .padStart(width, "0");
  return parsePciAddress(`${hex("domain", 4)}:${hex("bus", 2)}:${hex("slot", 2)}.${hex("func", 1)}`);
}
