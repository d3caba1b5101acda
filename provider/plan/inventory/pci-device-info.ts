import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import { isStubDriver } from "../../facts/stub-drivers";
import type { PciAddress } from "../../pci/address";
import { printable } from "../../printable";
import { isHidden } from "../hide/hide-mechanisms";
import { holderOf } from "../holder";
import { vmsWith } from "../toolstacks/host-vms";

/** One PCI function of a host, as returned by `getPciDevices`. */
export interface PciDeviceInfo {
  /** In the long form, `0000:01:00.0`: what the input `device` of a resource takes. */
  readonly address: string;
  /** Vendor and device: `8086:10d3`. */
  readonly id: string;
  /** Subsystem vendor and device: `15d9:060a`. */
  readonly subsystem: string;
  /** Six hexadecimal digits, base class first: `020000` is an Ethernet controller. */
  readonly class: string;
  /** For people: `Ethernet controller: Intel Corporation 82574L`. */
  readonly label: string;
  /** The driver that it is bound to now. */
  readonly driver?: string;
  /** Whether it is bound to a stub driver and no running VM can have it: ready to be attached. */
  readonly assignable: boolean;
  /** Whether every future boot hides it from the host. */
  readonly hidden: boolean;
  /** Names of the VMs that have it now, or get it at their next start. */
  readonly vms: readonly string[];
  /**
   * Addresses of the other functions in its IOMMU group: a VM gets all of them or none. Undefined when it is in no
   * group.
   */
  readonly groupMembers?: readonly string[];
  /** The address of the physical function, when this is a virtual function. */
  readonly physicalFunction?: string;
  /** How many virtual functions it can have; 0 without SR-IOV. */
  readonly mostVirtualFunctions: number;
}

/** What `getPciDevices` looks for; every given criterion must match. */
export interface PciDeviceFilter {
  /** Vendor and device: `8086:10d3`, or the vendor alone: `8086`. */
  readonly id?: string | undefined;
  /** The class code or a prefix of it: `02` is every network controller, `0300` every VGA card. */
  readonly class?: string | undefined;
  /** The driver that it is bound to now. */
  readonly driver?: string | undefined;
  /** A part of the label; case does not matter. */
  readonly label?: string | undefined;
  /** Whether it is ready to be attached. */
  readonly assignable?: boolean | undefined;
  /** The name of a VM that has it now, or gets it at its next start. */
  readonly vm?: string | undefined;
}

/** The functions that match a filter, lowest address first. */
export function pciDeviceInfos(facts: HostFacts, filter: PciDeviceFilter): PciDeviceInfo[] {
  return devicesByAddress(facts)
    .filter((device) => fitsIdentity(device, filter))
    .map((device) => pciDeviceInfo(facts, device))
    .filter(
      (info) =>
        (filter.assignable === undefined || info.assignable === filter.assignable) &&
        (filter.vm === undefined || info.vms.includes(filter.vm)),
    );
}

/** Every function of a host, lowest address first. */
export function devicesByAddress(facts: HostFacts): readonly PciDevice[] {
  return [...facts.pciDevices.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
}

function fitsIdentity({ identity, driver }: PciDevice, filter: PciDeviceFilter): boolean {
  const begins = (text: string, beginning: string | undefined) =>
    beginning === undefined || text.startsWith(beginning.toLowerCase());
  return (
    begins(`${identity.id}:`, filter.id && `${filter.id}:`) &&
    begins(identity.class, filter.class) &&
    (filter.driver === undefined || driver === filter.driver) &&
    (filter.label === undefined || identity.label.toLowerCase().includes(filter.label.toLowerCase()))
  );
}

/** What `getPciDevices` returns for a function. */
export function pciDeviceInfo(facts: HostFacts, device: PciDevice): PciDeviceInfo {
  const { address, identity, driver, iommuGroup, physicalFunction } = device;
  return {
    address,
    ...identity,
    label: printable(identity.label),
    ...(driver === undefined ? {} : { driver }),
    assignable: isStubDriver(facts, driver) && holderOf(facts, address).kind === "free",
    hidden: isHidden(facts, address),
    vms: vmsWith(facts, address),
    ...(iommuGroup === undefined ? {} : { groupMembers: membersOf(facts, iommuGroup, address) }),
    ...(physicalFunction === undefined ? {} : { physicalFunction }),
    mostVirtualFunctions: facts.virtualFunctions.physicalFunctions.get(address)?.most ?? 0,
  };
}

function membersOf(facts: HostFacts, group: string, address: PciAddress): readonly string[] {
  return [...facts.pciDevices.values()].flatMap((member) =>
    member.iommuGroup === group && member.address !== address ? [member.address] : [],
  );
}
