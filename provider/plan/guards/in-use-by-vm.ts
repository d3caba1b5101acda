import type { HostFacts } from "../../facts/host-facts";
import type { PciAddress } from "../../pci/address";
import { type Holding, holderOf } from "../holder";
import { carries } from "./carries";
import type { GuardRule } from "./guard";

/** A running VM has, or may have, a device that would be moved or given to another VM. */
export const inUseByVm: GuardRule = {
  judge({ facts, moved, given }) {
    const leaving = moved.flatMap((address) => functionsCarriedBy(facts, address));
    return [
      ...leaving.flatMap((address) => inUse(holderOf(facts, address), address)),
      ...given.flatMap(({ address, vm, scope }) => {
        if (scope !== "live") return [];
        const holding = holderOf(facts, address);
        return holding.kind === "held" && holding.holder.name === vm.name ? [] : inUse(holding, address);
      }),
    ];
  },
};

/** The function itself and those that vanish with its driver. */
function functionsCarriedBy(facts: HostFacts, address: PciAddress): readonly PciAddress[] {
  const device = facts.pciDevices.get(address);
  return device ? [...facts.pciDevices.keys()].filter((other) => carries(facts, device, other)) : [address];
}

function inUse(holding: Holding, address: PciAddress): readonly string[] {
  switch (holding.kind) {
    case "held": {
      const { name, state } = holding.holder;
      return [`the VM "${name}" (${state}) has ${address} now. Detach it there or shut the VM down first`];
    }
    case "unknown":
      return [`a running VM may have ${address}: ${holding.reason}`];
    case "free":
      return [];
  }
}
