import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import { isStubDriver } from "../../facts/stub-drivers";
import type { PciAddress } from "../../pci/address";
import { printable } from "../../printable";
import { isHidden } from "../hide/hide-mechanisms";
import { holderOf } from "../holder";
import { vmsWith } from "../toolstacks/host-vms";
import type { PciDeviceFilter, PciDeviceInfo } from "./device-info";

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
