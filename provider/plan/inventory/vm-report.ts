import type { HostFacts } from "../../facts/host-facts";
import type { PciAddress } from "../../pci/address";
import { printable } from "../../printable";
import { knownVms } from "../toolstacks/host-vms";
import { devicesByAddress } from "./pci-device-info";

/** A VM of a host, and which functions it has or gets. */
export interface VmReport {
  readonly name: string;
  readonly running: boolean;
  readonly functions: readonly {
    readonly address: PciAddress;
    /** Whether the VM has it now. */
    readonly active: boolean;
    /** Whether it gets it at its next start. */
    readonly configured: boolean;
  }[];
}

/** The VMs that the host's toolstack lists, by name. */
export function vmReports(facts: HostFacts): readonly VmReport[] {
  const addresses = devicesByAddress(facts).map(({ address }) => address);
  return knownVms(facts)
    .map(({ planner, id, vm }) => ({
      name: printable(vm.name),
      running: vm.running,
      functions: addresses
        .map((address) => ({
          address,
          active: planner.isAttachedLive(facts, id, address),
          configured: planner.isConfigured(facts, id, address),
        }))
        .filter(({ active, configured }) => active || configured),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
