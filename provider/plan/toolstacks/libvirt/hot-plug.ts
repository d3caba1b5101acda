import { runningDomains } from "../../../facts/domains";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import { isStubDriver } from "../../../facts/stub-drivers";
import { xenIsAtLeast } from "../../../facts/xen";
import { targets } from "../../../pci/address";
import type { Hostdev } from "../../../vm-text/domain-hostdev";
import { describeGroup, membersLeftBehind } from "../../iommu-group";
import type { PlanContext } from "../../wish";
import type { LibvirtVm } from "./find-vm";
import { whyNoRoomForHotPlug } from "./guest-room";

/** Why no device can be plugged into or unplugged from a running VM now; undefined when it can. */
export function whyNoHotPlug(facts: HostFacts, { domain }: LibvirtVm): string | undefined {
  if (domain.paused)
    return `the VM "${domain.name}" is paused, but its guest has to take part. Resume the VM, or shut it down`;
  // Red Hat Enterprise Linux 5, Virtualization Guide: "Only run this command on offline guests".
  if (!facts.xen && /^2\.6\.18\b/.test(facts.machine.kernelRelease))
    return `the VM "${domain.name}" is running, and KVM of Linux ${facts.machine.kernelRelease} (RHEL 5) has no hot-plug of PCI devices. Shut the VM down`;
  return undefined;
}

/** What prevents a hot-plug now. */
export interface HotPlugObstacle {
  readonly reason: string;
  /** The label of the declaration that will remove the obstacle; undefined when none will. */
  readonly waitsFor: string | undefined;
}

/** What prevents these functions from being plugged into the running VM now; undefined when nothing does. */
export function hotPlugObstacle(
  facts: HostFacts,
  vm: LibvirtVm,
  missing: readonly { readonly device: PciDevice; readonly hostdev: Hostdev }[],
  program: PlanContext["program"],
): HotPlugObstacle | undefined {
  const never = whyNoHotPlug(facts, vm) ?? startedWithout(facts, vm);
  if (never !== undefined) return { reason: never, waitsFor: undefined };
  const maker = (needed: readonly PciDevice[]) =>
    program.find(
      (other) => other.kind === "AssignableDevice" && needed.every((device) => targets(other.target, device.address)),
    )?.label;
  for (const { device, hostdev } of missing) {
    if (!hostdev.managed && !isStubDriver(facts, device.driver)) {
      const reason = `${device.address} is not assignable now (its driver is ${device.driver ?? "none"}). Declare an AssignableDevice for it, or run "pulumi up" again if there is one`;
      return { reason, waitsFor: maker([device]) };
    }
    // Functions are hot-plugged one by one, so all others of the group must have left their host drivers before.
    const left = membersLeftBehind(facts, device.address, () => false);
    if (left.length > 0) {
      const reason = `${describeGroup(facts, device.address, left)}. Declare an AssignableDevice with group: true`;
      return { reason, waitsFor: maker(left) };
    }
  }
  const full = vm.domain.live && whyNoRoomForHotPlug(vm.domain.live, missing.length);
  return full === undefined ? undefined : { reason: `the VM "${vm.name}" has no room: ${full}`, waitsFor: undefined };
}

/** Since Xen 4.13 a VM that was started without a device cannot get one (libxl_create.c, 4.17). */
function startedWithout(facts: HostFacts, vm: LibvirtVm): string | undefined {
  if (!facts.xen || !xenIsAtLeast(facts.xen, 4, 13)) return undefined;
  const running = runningDomains(facts).find(({ uuid, name }) => uuid === vm.key || name === vm.name);
  if (!running || running.startedForDevices || (vm.domain.live?.hostdevs.length ?? 0) > 0) return undefined;
  return `the VM "${vm.name}" was started without a PCI device, and this Xen allows none until it is restarted`;
}
