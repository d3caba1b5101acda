import type { HostFacts } from "../../facts/host-facts";
import type { PciAddress } from "../../pci/address";
import { type Holder, holderOf } from "../holder";
import { carries } from "./carries";
import type { GuardRule } from "./guard";

/** A running VM has a device that would be moved or given to another VM. */
export const inUseByVm: GuardRule = {
  override: "never",
  judge({ facts, moved, given }) {
    const leaving = moved.flatMap((address) => functionsCarriedBy(facts, address));
    return [
      ...leaving.flatMap((address) => inUse(holderOf(facts, address), address)),
      ...given.flatMap(({ address, vm, scope }) => {
        const holder = scope === "live" ? holderOf(facts, address) : undefined;
        return holder?.name === vm.name ? [] : inUse(holder, address);
      }),
    ];
  },
};

/** The function itself and those that vanish with its driver. */
function functionsCarriedBy(facts: HostFacts, address: PciAddress): readonly PciAddress[] {
  const device = facts.pciDevices.get(address);
  return device ? [...facts.pciDevices.keys()].filter((other) => carries(facts, device, other)) : [address];
}

function inUse(holder: Holder | undefined, address: PciAddress): readonly string[] {
  return holder
    ? [`the VM "${holder.name}" (${holder.state}) has ${address} now. Detach it there or shut the VM down first`]
    : [];
}
