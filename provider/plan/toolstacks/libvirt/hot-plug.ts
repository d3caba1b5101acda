import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import { xenIsAtLeast } from "../../../facts/xen";
import { targets } from "../../../pci/address";
import { isStubDriver } from "../../../pci/stub-driver";
import type { Hostdev } from "../../../vm-text/domain-xml";
import { describeGroup, membersLeftBehind } from "../../iommu-group";
import type { PlanContext } from "../../wish";
import type { LibvirtVm } from "./find-vm";
import { noRoomForHotPlug } from "./guest-room";

/** Why a running VM cannot get or lose a device now, whichever it is. */
export function frozen(facts: HostFacts, { domain }: LibvirtVm): string | undefined {
  if (domain.paused)
    return `the VM "${domain.name}" is paused. A guest has to take part in it: resume the VM, or shut it down`;
  // Red Hat Enterprise Linux 5, Virtualization Guide: "Only run this command on offline guests".
  if (!facts.xen && /^2\.6\.18\b/.test(facts.machine.kernelRelease))
    return `the VM "${domain.name}" runs, and KVM of Linux ${facts.machine.kernelRelease} (RHEL 5) has no hot-plug of PCI devices. Shut the VM down`;
  return undefined;
}

export interface Hindrance {
  readonly reason: string;
  /** The declaration of the program that will take it away. */
  readonly waitsFor: string | undefined;
}

/** Why the running VM cannot be given these functions now; undefined when it can. */
export function hindrance(
  facts: HostFacts,
  vm: LibvirtVm,
  missing: readonly { readonly device: PciDevice; readonly hostdev: Hostdev }[],
  program: PlanContext["program"],
): Hindrance | undefined {
  const never = frozen(facts, vm) ?? startedWithout(facts, vm);
  if (never !== undefined) return { reason: never, waitsFor: undefined };
  const maker = (needed: readonly PciDevice[]) =>
    program.find(
      (other) => other.kind === "AssignableDevice" && needed.every((device) => targets(other.target, device.address)),
    )?.label;
  for (const { device, hostdev } of missing) {
    if (!hostdev.managed && !isStubDriver(device.driver)) {
      const reason = `${device.address} is not assignable now (its driver is ${device.driver ?? "none"})`;
      return { reason, waitsFor: maker([device]) };
    }
    // One after the other is hot-plugged, so that all others of the group must have left the host before.
    const left = membersLeftBehind(facts, device.address, () => false);
    if (left.length > 0) {
      const reason = `${describeGroup(facts, device.address, left)}. Declare an AssignableDevice with group: true`;
      return { reason, waitsFor: maker(left) };
    }
  }
  const full = vm.domain.live && noRoomForHotPlug(vm.domain.live, missing.length);
  return full === undefined ? undefined : { reason: `the VM "${vm.name}" has no room: ${full}`, waitsFor: undefined };
}

/** From Xen 4.13 on a VM that was started without a device gets none (libxl_create.c, 4.17). */
function startedWithout(facts: HostFacts, vm: LibvirtVm): string | undefined {
  if (!facts.xen || !xenIsAtLeast(facts.xen, 4, 13)) return undefined;
  const running = facts.domains.find((one) => one.uuid === vm.key || one.name === vm.name);
  if (!running || running.startedForDevices || (vm.domain.live?.hostdevs.length ?? 0) > 0) return undefined;
  return `the VM "${vm.name}" was started without any PCI device, and this Xen lets it have none until it is started again`;
}
