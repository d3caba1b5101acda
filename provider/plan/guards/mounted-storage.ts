import type { HostFacts } from "../../facts/host-facts";
import { whyVmsUnknown } from "../unknown-vms";
import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";
import {
  byDisk,
  describePurposes,
  disksWithoutUse,
  isNeededToBoot,
  storageUsesOn,
  storageUsesPerhapsOn,
} from "./storage-in-use";
import { disksOfVms } from "./vm-disks";

/** The host loses a disk that is in use: mounted, a member of something that spreads over disks, or a VM's. */
export const mountedStorage: GuardRule = {
  judge({ facts, lost }) {
    const vmDisks = lost.length === 0 ? [] : disksOfVms(facts);
    const whyUnknown = whyDisksUnknown(facts);
    return lost.flatMap((device) => {
      const known = byDisk(
        facts,
        device,
        storageUsesOn(facts, device).filter((use) => !isNeededToBoot(use)),
      );
      const unknown = storageUsesPerhapsOn(facts, device).filter(
        (use) => use.untraced === "disk" && !isNeededToBoot(use),
      );
      return [
        ...known.map(
          ([disk, uses]) =>
            `${describeDevice(device)} carries ${disk}, which the host uses for ${describePurposes(uses)}. ${remedyFor(uses.map(({ purpose }) => purpose.kind))}`,
        ),
        ...vmDisks
          .filter(({ carriedBy }) => carriedBy.some((address) => carries(facts, device, address)))
          .map(
            ({ vm, path }) =>
              `${describeDevice(device)} carries ${path}, which is a disk of the VM "${vm}". Remove it there first`,
          ),
        ...(known.length > 0 || unknown.length === 0
          ? []
          : [
              `${describeDevice(device)} may carry ${describePurposes(unknown)} of the host, which could not be traced to a device. Unmount it first`,
            ]),
        ...(whyUnknown === undefined ? [] : disksWithoutUse(facts, device)).map(
          (disk) => `${describeDevice(device)} carries ${disk}, which a VM may have: ${whyUnknown}`,
        ),
      ];
    });
  },
};

/** Why it is not known which disks VMs have; undefined where it is, or where no VM runs, as the processes of KVM tell. */
function whyDisksUnknown(facts: HostFacts): string | undefined {
  const { xen, processes, files } = facts;
  if (!xen && processes.kind === "listed" && !processes.processes.some(({ runsVm }) => runsVm)) return undefined;
  return whyVmsUnknown(facts)[0] ?? files.whyNoVmConfigs;
}

function remedyFor(kinds: readonly string[]): string {
  return kinds.includes("mount") ? "Unmount it first" : "Take the disk out of it first, or wipe it (wipefs)";
}
