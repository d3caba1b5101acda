import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";

/** The running VM that has a function. */
export interface Holder {
  readonly name: string;
  /** For people: "domain 3, paused". */
  readonly state: string;
}

/** The running or paused VM that has the function now, whichever toolstack manages it; undefined when none does. */
export function holderOf(facts: HostFacts, address: PciAddress): Holder | undefined {
  const domain = facts.domains.find(({ pciDevices }) => pciDevices.some((device) => device.address === address));
  if (domain) return { name: domain.name, state: `domain ${domain.id}${domain.paused ? ", paused" : ""}` };
  const vm =
    facts.libvirt?.kind === "answers"
      ? facts.libvirt.domains.find(({ live }) => live?.hostdevs.some((device) => device.address === address))
      : undefined;
  return vm && { name: vm.name, state: vm.paused ? "paused" : "running" };
}
