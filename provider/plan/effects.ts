import type { HostFacts } from "../facts/host-facts";
import { type PciDevice, siblingsOf } from "../facts/pci-devices";
import { targets } from "../pci/address";
import type { DeviceWish } from "./wish";

/** What the host loses when a VM gets this function, a line each: driver, network interfaces, disks. */
export function lossOf(facts: HostFacts, device: PciDevice): readonly string[] {
  const what = `${device.address} (${device.identity.label})`;
  const nics = facts.network.filter((nic) => nic.carriedBy === device.address).map((nic) => nic.name);
  const disks = new Set(
    facts.storage.filter((use) => use.carriedBy.includes(device.address)).map((use) => use.blockDevices.at(-1)),
  );
  const virtual = [...facts.pciDevices.values()].filter((one) => one.physicalFunction === device.address);
  return [
    device.driver === undefined ? `${what} has no driver now` : `${what} leaves the host driver ${device.driver}`,
    ...nics.map((nic) => `the network interface ${nic} goes away on the host`),
    ...[...disks].map((disk) => `the disk ${disk} goes away on the host`),
    ...(virtual.length > 0 ? [`its ${virtual.length} virtual functions go away`] : []),
  ];
}

/** What a user should know of a function that a VM gets, though nothing forbids it. */
export function cautionsOf(facts: HostFacts, wish: DeviceWish, device: PciDevice): readonly string[] {
  const shared = siblingsOf(facts.pciDevices, device.address).filter((one) => !targets(wish.target, one.address));
  return [
    ...(device.resettable
      ? []
      : [
          `${device.address} has no reset that the kernel knows: a VM may get it in the state the last user left it in`,
        ]),
    ...(shared.length > 0
      ? [
          `${device.address} shares its slot with ${shared.map((one) => `${one.address} (driver ${one.driver ?? "none"})`).join(", ")}`,
        ]
      : []),
  ];
}
