import type { HostFacts } from "../facts/host-facts";
import { functionsOf, isBridge, type PciDevice } from "../facts/pci-devices";
import { isStubDriver } from "../facts/stub-drivers";
import type { PciAddress, PciTarget } from "../pci/address";

/**
 * The functions of an AssignableDevice, by address: those it names, and with `group` all that share an IOMMU group with
 * them.
 */
export function functionsToAssign(
  facts: HostFacts,
  wish: { readonly target: PciTarget; readonly group: boolean },
): readonly PciDevice[] {
  const named = functionsOf(facts.pciDevices, wish.target);
  if (!wish.group) return named;
  const groups = new Set(named.flatMap((device) => device.iommuGroup ?? []));
  return [...facts.pciDevices.values()]
    .filter(
      (device) =>
        named.includes(device) ||
        (device.iommuGroup !== undefined && groups.has(device.iommuGroup) && !isBridge(device)),
    )
    .sort((a, b) => a.address.localeCompare(b.address));
}

/**
 * The other members of a function's IOMMU group that stay with host drivers once the `leaving` addresses are gone. vfio
 * gives a VM nothing of such a group ("group 8 is not viable"; seen with libvirt 9.0 on Linux 6.1). Bridges and
 * functions without a driver do no harm.
 */
export function membersLeftBehind(
  facts: HostFacts,
  address: PciAddress,
  leaving: (address: PciAddress) => boolean,
): readonly PciDevice[] {
  const group = facts.pciDevices.get(address)?.iommuGroup;
  if (group === undefined) return [];
  return [...facts.pciDevices.values()].filter(
    (device) =>
      device.iommuGroup === group &&
      device.address !== address &&
      device.driver !== undefined &&
      !isStubDriver(facts, device.driver) &&
      !isBridge(device) &&
      !leaving(device.address),
  );
}

/** For people: "0000:01:00.0 shares the IOMMU group 8 with 0000:01:00.1 (Ethernet controller: …, driver e1000e), …" */
export function describeGroup(facts: HostFacts, address: PciAddress, left: readonly PciDevice[]): string {
  const members = left
    .map(({ address: member, identity, driver }) => `${member} (${identity.label}, driver ${driver})`)
    .join(" and ");
  const verb = left.length > 1 ? "stay with the host" : "stays with the host";
  return `${address} shares the IOMMU group ${facts.pciDevices.get(address)?.iommuGroup} with ${members}, which ${verb}: no VM can start with only part of a group ("group ${facts.pciDevices.get(address)?.iommuGroup} is not viable")`;
}
