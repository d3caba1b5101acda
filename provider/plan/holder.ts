import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";

/** The running VM that has a function. */
export interface Holder {
  readonly name: string;
  /** "domain 3, paused": for people. */
  readonly state: string;
}

/** The running or paused VM that has the function now, whatever manages it. */
export function holderOf(facts: HostFacts, address: PciAddress): Holder | undefined {
  const domain = facts.domains.find((one) => one.pciDevices.some((device) => device.address === address));
  if (domain) return { name: domain.name, state: `domain ${domain.id}${domain.paused ? ", paused" : ""}` };
  const vm =
    facts.libvirt?.kind === "answers"
      ? facts.libvirt.domains.find((one) => one.live?.hostdevs.some((device) => device.address === address))
      : undefined;
  return vm && { name: vm.name, state: vm.paused ? "paused" : "running" };
}
