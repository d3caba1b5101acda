import type { PciAddress } from "../../pci/address";
import { stubDriverOf } from "../stub-driver";
import type { JudgedChange } from "./guard";

/** The functions that vfio-pci takes. The older pci-stub has no IOMMU groups. */
export function takenByVfio({ taken }: JudgedChange): readonly PciAddress[] {
  return taken.flatMap(({ address, to }) => (to === "vfio-pci" ? [address] : []));
}

/** The functions that VMs get through vfio-pci, with the VM's uuid. */
export function givenThroughVfio({ facts, given }: JudgedChange): readonly { address: PciAddress; vm: string }[] {
  if (stubDriverOf(facts, { driver: undefined }) !== "vfio-pci") return [];
  return given.flatMap(({ address, vm }) => (vm.uuid === undefined ? [] : [{ address, vm: vm.uuid }]));
}
