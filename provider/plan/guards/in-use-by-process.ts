import { openersOf } from "../../facts/processes";
import type { PciAddress } from "../../pci/address";
import { isVfio } from "../holder";
import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/**
 * A process of the host, such as a display server, has a device open whose driver would change before the next boot:
 * the kernel waits for it, or the process dies. VMs are judged by "in-use-by-vm".
 */
export const inUseByProcess: GuardRule = {
  override: "allow",
  judge({ facts, taken, moved, given }) {
    const leaving = new Set<PciAddress>([
      ...moved,
      ...taken.flatMap(({ address, when }) => (when === "next-boot" ? [] : [address])),
      ...given.flatMap(({ address, scope }) => (scope === "live" ? [address] : [])),
    ]);
    return [...leaving].flatMap((address) => {
      const device = facts.pciDevices.get(address);
      if (!device) return [];
      const openers = [...facts.pciDevices.values()]
        .filter((other) => carries(facts, device, other.address))
        .flatMap((other) => openersOf(facts, other))
        .filter(({ process, file }) => !(process.runsVm && isVfio(file)))
        .map(({ process, file }) => `${process.name} (process ${process.pid}, ${file})`);
      const names = [...new Set(openers)];
      if (names.length === 0) return [];
      const shown = [...names.slice(0, 3), ...(names.length > 3 ? [`${names.length - 3} more`] : [])];
      return [`${describeDevice(device)} is in use by ${shown.join(" and ")}. Stop what uses it first`];
    });
  },
};
