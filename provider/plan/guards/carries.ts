import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { PciAddress } from "../../pci/address";

/**
 * Whether the host loses the function `address` with a device: it is the device, a virtual function of it, or behind
 * it, as disks are behind a VMD controller.
 */
export function carries(facts: HostFacts, device: PciDevice, address: PciAddress): boolean {
  const function_ = facts.pciDevices.get(address);
  return (
    address === device.address ||
    (function_ !== undefined &&
      (function_.physicalFunction === device.address || function_.bridges.includes(device.address)))
  );
}

/** A device for people: `0000:01:00.0 (Ethernet controller: Intel Corporation 82574L)`. */
export function describeDevice({ address, identity }: PciDevice): string {
  return `${address} (${identity.label})`;
}
