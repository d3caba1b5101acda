import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { StorageUse } from "../../facts/storage";
import { carries } from "./carries";

/** The uses of disks that a device carries. */
export function storageUsesOn(facts: HostFacts, device: PciDevice): readonly StorageUse[] {
  return facts.storage.filter((use) => use.carriedBy.some((address) => carries(facts, device, address)));
}

/** Whether the host cannot run without what is stored there. */
export function isNeededToBoot({ mountPoint }: StorageUse): boolean {
  return ["/", "/boot", "/boot/efi", "/usr", "swap"].includes(mountPoint);
}
