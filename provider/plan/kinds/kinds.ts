import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import { formatPciTarget } from "../../pci/address";
import { claimKey, claimToGiveBack, findClaim } from "../claim";
import { isHidden } from "../hide/hide-mechanisms";
import { functionsToAssign } from "../iommu-group";
import { emptyPlan, type Plan, refusedPlan } from "../plan";
import { type Status, statusOf } from "../status";
import { stubDriverOf } from "../stub-driver";
import { toolstackOf } from "../toolstack";
import { vmPlannerOf } from "../toolstacks/vm-planners";
import type { AssignWish, AttachWish, DeviceWish, HideWish, PlanContext, Wish } from "../wish";
import { planAssign, planRelease } from "./assignable-device";
import { planHide, planUnhide } from "./hidden-pci-device";
import { planReboot, planWithoutReboot, type RebootStatus, rebootStatus } from "./host-reboot";
import { type IommuStatus, iommuStatus, planIommu, planWithoutIommu } from "./iommu-boot-parameters";
import { planVirtualFunctions, planWithoutVirtualFunctions, virtualFunctionsStatus } from "./sriov-virtual-functions";

/** The steps that make a wish true. */
export function planPresent(facts: HostFacts, wish: Wish, context: PlanContext): Plan {
  const unfit = unfitHost(facts, wish);
  if (unfit !== undefined) return refusedPlan(unfit);
  switch (wish.kind) {
    case "HiddenPciDevice":
      return planHide(facts, wish, context);
    case "AssignableDevice":
      return planAssign(facts, wish, context);
    case "VmPciAttachment":
      return withToolstack(facts, wish, vmPlannerOf(facts, wish)?.attach(facts, wish, context));
    case "SriovVirtualFunctions":
      return planVirtualFunctions(facts, wish, context);
    case "IommuBootParameters":
      return planIommu(facts, wish, context);
    case "HostReboot":
      return planReboot(facts, wish, context);
  }
}

/** The steps that give back what a wish changed; already gone is an empty plan. */
export function planAbsent(facts: HostFacts, wish: Wish, context: PlanContext): Plan {
  switch (wish.kind) {
    case "HiddenPciDevice":
      return planUnhide(facts, wish, context);
    case "AssignableDevice":
      return planRelease(facts, wish, context);
    case "VmPciAttachment":
      return vmPlannerOf(facts, wish)?.detach(facts, wish, context) ?? planAbsentUnseen(facts, wish, context);
    case "SriovVirtualFunctions":
      return planWithoutVirtualFunctions(facts, wish, context);
    case "IommuBootParameters":
      return planWithoutIommu(facts, wish, context);
    case "HostReboot":
      return planWithoutReboot(facts, wish, context);
  }
}

/** The key of a wish on its host: its claim, and its id without the machine. Undefined while its VM cannot be found. */
export function keyOf(facts: HostFacts, wish: Wish): string | undefined {
  if (wish.kind !== "VmPciAttachment") return claimKey(wish);
  const vm = vmOf(facts, wish);
  return vm && claimKey(wish, vm.key);
}

/** What a wish has come to. */
export function statusOfWish(facts: HostFacts, wish: DeviceWish, key: string): Status;
export function statusOfWish(facts: HostFacts, wish: Wish, key: string): Status | IommuStatus | RebootStatus;
export function statusOfWish(facts: HostFacts, wish: Wish, key: string): Status | IommuStatus | RebootStatus {
  switch (wish.kind) {
    case "HiddenPciDevice":
    case "AssignableDevice": {
      const stub = stubDriverOf(facts, wish);
      const devices =
        wish.kind === "AssignableDevice" ? functionsToAssign(facts, wish) : functionsOf(facts.pciDevices, wish.target);
      return statusOf(facts, devices, key, {
        active: (address) => facts.pciDevices.get(address)?.driver === stub,
        configured: (address) => isHidden(facts, address),
        pending: ({ configured, active }) =>
          wish.kind === "AssignableDevice" || configured === active ? "none" : "host-reboot",
      });
    }
    case "VmPciAttachment": {
      const planner = vmPlannerOf(facts, wish);
      const running = vmOf(facts, wish)?.running ?? false;
      return statusOf(facts, functionsOf(facts.pciDevices, wish.target), key, {
        active: (address) => planner?.isAttachedLive(facts, wish.vm, address) ?? false,
        configured: (address) => planner?.isConfigured(facts, wish.vm, address) ?? false,
        pending: ({ configured, active }) =>
          configured !== active && running && wish.scope !== "live" ? "vm-restart" : "none",
      });
    }
    case "SriovVirtualFunctions":
      return virtualFunctionsStatus(facts, wish);
    case "IommuBootParameters":
      return iommuStatus(facts, key);
    case "HostReboot":
      return rebootStatus(facts);
  }
}

/** Whether nothing of a wish is left on the host, neither our claim nor its effect. */
export function isGone(facts: HostFacts, wish: Wish, key: string): boolean {
  // A reboot cannot go, and a host that needs no boot argument of ours has as much of the resource as it ever had.
  if (!("target" in wish) || findClaim(facts, key)) return false;
  if (wish.kind === "VmPciAttachment" && vmPlannerOf(facts, wish)?.find(facts, wish.vm).kind === "unreadable")
    return false;
  const status = statusOfWish(facts, wish, key);
  const effect =
    wish.kind === "AssignableDevice"
      ? status.functions.some((one) => one.active)
      : status.configured || (wish.kind !== "HiddenPciDevice" && status.active);
  return !effect;
}

/** "make 0000:01:00.0 assignable": what follows "Unable to" in errors. */
export function purposeOf(facts: HostFacts | undefined, wish: Wish, present: boolean): string {
  const device = "target" in wish ? formatPciTarget(wish.target) : "";
  switch (wish.kind) {
    case "HiddenPciDevice":
      return present ? `hide ${device} at boot` : `stop hiding ${device} at boot`;
    case "AssignableDevice":
      return present ? `make ${device} assignable` : `give ${device} back to its driver`;
    case "VmPciAttachment": {
      const vm = (facts && vmOf(facts, wish)?.name) ?? wish.vm;
      return present ? `attach ${device} to the VM "${vm}"` : `detach ${device} from the VM "${vm}"`;
    }
    case "SriovVirtualFunctions":
      return present
        ? `give ${device} ${wish.count} virtual functions`
        : `take the virtual functions of ${device} away`;
    case "IommuBootParameters":
      return present ? "switch the IOMMU on" : "take back what switches the IOMMU on";
    case "HostReboot":
      return present ? "reboot the host" : "forget the reboots of the host";
  }
}

/** The end of an attachment on a host that does not say what its VMs have: what is ours there stays, with its claim. */
function planAbsentUnseen(facts: HostFacts, wish: AttachWish, { owner }: PlanContext): Plan {
  if (!claimToGiveBack(facts, claimKey(wish, wish.vm), owner)) return emptyPlan("it has no toolstack any more");
  const found = toolstackOf(facts, wish.toolstack);
  return refusedPlan(found.kind === "unfit" ? found.reason : "it has no toolstack any more");
}

/** Where a host has several toolstacks, preview says which one it is. */
function withToolstack(facts: HostFacts, wish: AttachWish, plan: Plan | undefined): Plan {
  if (!plan) return refusedPlan("it has no toolstack");
  const found = toolstackOf(facts, wish.toolstack);
  const why = found.kind === "toolstack" && plan.steps.length > 0 ? found.why : undefined;
  return why === undefined ? plan : { ...plan, effects: [...plan.effects, why] };
}

function vmOf(facts: HostFacts, wish: AttachWish) {
  const found = vmPlannerOf(facts, wish)?.find(facts, wish.vm);
  return found?.kind === "found" ? found.vm : undefined;
}

function unfitHost(facts: HostFacts, wish: Wish): string | undefined {
  const { machine } = facts;
  const unfit = "driver" in wish || "vm" in wish ? unfitForVms(facts, wish) : undefined;
  if (unfit !== undefined) return unfit;
  if (machine.id === undefined)
    return "it has no /etc/machine-id, by which it could be known again. Make one: systemd-machine-id-setup, or dbus-uuidgen --ensure";
  if (machine.missingCommands.length > 0)
    return `it lacks ${machine.missingCommands.join(", ")}. Install what is missing`;
  return undefined;
}

/** Boot arguments, reboots and virtual functions are the same whatever manages the VMs. */
function unfitForVms(facts: HostFacts, wish: HideWish | AssignWish | AttachWish): string | undefined {
  const toolstack = toolstackOf(facts, wish.toolstack);
  // Without VMs to plan for, a host without Xen needs no toolstack: its kernel moves devices to a stub driver by itself.
  const needsToolstack = wish.kind === "VmPciAttachment" || facts.xen !== undefined || wish.toolstack !== undefined;
  if (toolstack.kind === "unfit" && needsToolstack) return toolstack.reason;
  if (wish.kind === "VmPciAttachment" || !wish.driver || (wish.driver === "pciback") === (facts.xen !== undefined))
    return undefined;
  return facts.xen
    ? `driver "${wish.driver}" is for hosts with KVM, and this one runs on Xen, whose stub driver is pciback. Leave \`driver\` out`
    : 'driver "pciback" is for Xen, on which this host does not run. Leave `driver` out';
}
