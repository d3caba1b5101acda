import type { HostFacts } from "../facts/host-facts";
import { type PciDevice, siblingsOf } from "../facts/pci-devices";
import { targets } from "../pci/address";
import { disksUnder } from "./guards/storage-in-use";
import type { DeviceWish } from "./wish";

/** What the host can no longer use when a VM gets this function, one line each: driver, network interfaces, disks. */
export function lossOf(facts: HostFacts, device: PciDevice): readonly string[] {
  const what = `${device.address} (${device.identity.label})`;
  const nics = facts.network.interfaces.filter((nic) => nic.carriedBy === device.address).map((nic) => nic.name);
  const disks = new Set(
    facts.storage.uses
      .filter(({ carriedBy }) => carriedBy.includes(device.address))
      .flatMap(({ blockDevices }) => disksUnder(facts, device, blockDevices).at(-1) ?? []),
  );
  const virtual = [...facts.pciDevices.values()].filter((other) => other.physicalFunction === device.address);
  return [
    device.driver === undefined
      ? `${what} has no driver now`
      : `${what} is taken from the host driver ${device.driver}`,
    ...nics.map((nic) => `the network interface ${nic} disappears from the host`),
    ...[...disks].map((disk) => `the disk ${disk} disappears from the host`),
    ...(virtual.length > 0 ? [`its ${virtual.length} virtual functions disappear`] : []),
  ];
}

/** Warnings about a function that a VM gets, although nothing forbids it. */
export function cautionsOf(facts: HostFacts, wish: DeviceWish, device: PciDevice): readonly string[] {
  const shared = siblingsOf(facts.pciDevices, device.address).filter(
    (sibling) => !targets(wish.target, sibling.address),
  );
  return [
    ...(device.resettable
      ? []
      : [
          `${device.address} has no reset method that the kernel knows: a VM may get it in the state in which its last user left it`,
        ]),
    ...(shared.length > 0
      ? [
          `${device.address} shares its slot with ${shared.map((sibling) => `${sibling.address} (driver ${sibling.driver ?? "none"})`).join(", ")}`,
        ]
      : []),
  ];
}
