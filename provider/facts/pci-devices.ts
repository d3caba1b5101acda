import { type PciAddress, type PciTarget, parsePciAddress, slotOf, targets } from "../pci/address";
import { type Fact, UnreadableFactsError } from "./answers";
import { addressesOnPath, lastSegment, readLinks, readValues } from "./sysfs";

/** What a PCI function is, from its configuration space. */
export interface PciIdentity {
  /** Vendor and device: `8086:10d3`. */
  readonly id: string;
  /** Subsystem vendor and device: `15d9:060a`. */
  readonly subsystem: string;
  /** Six hexadecimal digits, base class first: `020000`. */
  readonly class: string;
  /** For people: `Ethernet controller: Intel Corporation 82574L`; only the id where the host has no lspci. */
  readonly label: string;
}

/** One PCI function of the host. */
export interface PciDevice {
  readonly address: PciAddress;
  readonly identity: PciIdentity;
  /** The driver that the function is bound to now. */
  readonly driver: string | undefined;
  /** The bridges above it, root port first. */
  readonly bridges: readonly PciAddress[];
  /** Set for a virtual function: the physical function that it belongs to. */
  readonly physicalFunction: PciAddress | undefined;
  readonly iommuGroup: string | undefined;
  /** Whether the kernel can reset this function by itself. */
  readonly resettable: boolean;
}

/** The PCI functions of the host. */
export type PciDevices = ReadonlyMap<PciAddress, PciDevice>;

/**
 * All PCI functions, with their drivers and IOMMU groups. Throws UnreadableFactsError where it is not known what a
 * function is: claims record that, and everything that is done to a device is judged by it.
 */
export const pciDevicesFact: Fact<PciDevices> = {
  name: "pci_devices",
  about: ["functions"],
  ask: `
print_links /sys/bus/pci/devices/* /sys/bus/pci/devices/*/driver /sys/bus/pci/devices/*/physfn /sys/bus/pci/devices/*/iommu_group
grep -H '' /sys/bus/pci/devices/*/vendor /sys/bus/pci/devices/*/device /sys/bus/pci/devices/*/subsystem_vendor /sys/bus/pci/devices/*/subsystem_device /sys/bus/pci/devices/*/class
print_paths /sys/bus/pci/devices/*/reset
if has_other_functions; then
  prefix 'lspci '
  limited 30 lspci -D
fi`,
  parse(answer) {
    const links = readLinks(answer.text);
    const values = readValues(answer.text);
    const lines = answer.text.split("\n");
    const names = new Map(
      lines.flatMap((line) => {
        const [, address = "", name = ""] = /^lspci (\S+) (.*)$/.exec(line) ?? [];
        return address === "" ? [] : [[address, name] as const];
      }),
    );
    const resettable = new Set(lines.filter((line) => line.endsWith("/reset")));
    const devices = new Map<PciAddress, PciDevice>();
    for (const [path, target] of links) {
      const address = parsePciAddress(lastSegment(path));
      if (!address || path !== `/sys/bus/pci/devices/${address}`) continue;
      // The kernel has these files for every function (linux, drivers/pci/pci-sysfs.c, pci_dev_attrs).
      const hex = (file: string) => {
        const value = values.get(`${path}/${file}`);
        if (value === undefined)
          throw new UnreadableFactsError(
            `it is not known what ${address} is: ${path}/${file} could not be read. Try again; if this persists, look whether the host is out of memory`,
          );
        return value.slice(2);
      };
      const link = (file: string) => {
        const to = links.get(`${path}/${file}`);
        return to === undefined ? undefined : lastSegment(to);
      };
      const id = `${hex("vendor")}:${hex("device")}`;
      devices.set(address, {
        address,
        identity: {
          id,
          subsystem: `${hex("subsystem_vendor")}:${hex("subsystem_device")}`,
          class: hex("class"),
          label: names.get(address) ?? id,
        },
        driver: link("driver"),
        bridges: addressesOnPath(target).slice(0, -1),
        physicalFunction: parsePciAddress(link("physfn") ?? ""),
        iommuGroup: link("iommu_group"),
        resettable: resettable.has(`${path}/reset`),
      });
    }
    return devices;
  },
};

/** The functions of a later answer, which has no names where the host has the same functions as in the one before. */
export function withKnownNames(devices: PciDevices, before: PciDevices): PciDevices {
  return new Map(
    [...devices].map(([address, device]) => {
      const { identity } = device;
      const known = before.get(address)?.identity;
      const isNamed = identity.label !== identity.id || known?.id !== identity.id;
      return [address, isNamed ? device : { ...device, identity: { ...identity, label: known.label } }];
    }),
  );
}

/** The functions that a resource's `device` names, lowest first; empty when the host has none of them. */
export function functionsOf(devices: PciDevices, target: PciTarget): readonly PciDevice[] {
  return [...devices.values()]
    .filter((device) => targets(target, device.address))
    .sort((a, b) => a.address.localeCompare(b.address));
}

/** The other functions of the same slot, which may share a reset with this one. */
export function siblingsOf(devices: PciDevices, address: PciAddress): readonly PciDevice[] {
  return [...devices.values()].filter(
    (device) => device.address !== address && slotOf(device.address) === slotOf(address),
  );
}

/** Base class 06 (PCI Code and ID Assignment Specification 1.11): host, ISA and PCI bridges. */
export function isBridge(device: PciDevice): boolean {
  return device.identity.class.startsWith("06");
}
