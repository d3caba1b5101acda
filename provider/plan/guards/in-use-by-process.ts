import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import { openersOf, PROCESSES_SECONDS } from "../../facts/processes";
import { isStubDriver, standsFor } from "../../facts/stub-drivers";
import type { PciAddress } from "../../pci/address";
import { isVfio } from "../holder";
import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/**
 * A process of the host, such as a display server, has a device open whose driver would change before the next boot:
 * the kernel waits for it, or the process dies. VMs are judged by "in-use-by-vm".
 */
export const inUseByProcess: GuardRule = {
  judge({ facts, taken, moved, given }) {
    const leaving = new Set<PciAddress>([
      ...moved,
      ...taken.flatMap(({ address, when }) => (when === "next-boot" ? [] : [address])),
      ...given.flatMap(({ address, scope }) => (scope === "live" ? [address] : [])),
    ]);
    return [...leaving].flatMap((address) => {
      const device = facts.pciDevices.get(address);
      if (!device) return [];
      const going = [...facts.pciDevices.values()].filter((other) => carries(facts, device, other.address));
      if (facts.processes.kind === "unlisted")
        return going.some((other) => mayBeOpen(facts, other))
          ? [
              `${describeDevice(device)} may be in use by a process: the host did not list within ${PROCESSES_SECONDS} s what its processes have open. Run "ls -l /proc/[0-9]*/fd" on the host to see why`,
            ]
          : [];
      const openers = going
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

/**
 * Whether the driver of a device gives processes a file to open: graphics and accelerators (class 03 and 12), UIO, and
 * vfio, which "in-use-by-vm" judges where VMs are processes.
 */
function mayBeOpen(facts: HostFacts, { driver, identity }: PciDevice): boolean {
  if (driver === undefined) return false;
  if (isStubDriver(facts, driver)) return facts.xen !== undefined && standsFor(facts, driver, "vfio-pci");
  return /^(03|12)/.test(identity.class) || /uio|nvidia/.test(driver);
}
