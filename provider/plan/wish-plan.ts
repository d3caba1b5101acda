import type { HostFacts } from "../facts/host-facts";
import { formatPciTarget, type PciAddress } from "../pci/address";
import { planAssign, planRelease } from "./assign";
import { planAttach } from "./attach";
import { claimKey, findClaim } from "./claim";
import { planDetach } from "./detach";
import { attachedVmName, isAttachedLive, isInConfig, runningDomain, vmKeyOf } from "./find-vm";
import { isHidden, planHide, planUnhide } from "./hide";
import { type Plan, refusedPlan } from "./plan";
import { type Status, statusOf } from "./status";
import { STUB_DRIVER } from "./stub-driver";
import type { PlanContext, Wish } from "./wish";

/** The steps that make a wish true. */
export function planPresent(facts: HostFacts, wish: Wish, context: PlanContext): Plan {
  const unfit = unfitHost(facts);
  if (unfit !== undefined) return refusedPlan(unfit);
  switch (wish.kind) {
    case "HiddenPciDevice":
      return planHide(facts, wish, context);
    case "AssignableDevice":
      return planAssign(facts, wish, context);
    case "VmPciAttachment":
      return planAttach(facts, wish, context);
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
      return planDetach(facts, wish, context);
  }
}

/** The key of a wish on its host: its claim, and its id without the machine. Undefined while its VM cannot be found. */
export function keyOf(facts: HostFacts, wish: Wish): string | undefined {
  if (wish.kind !== "VmPciAttachment") return claimKey(wish);
  const vmKey = vmKeyOf(facts, wish.vm);
  return vmKey === undefined ? undefined : claimKey(wish, vmKey);
}

/** What a wish has come to. */
export function statusOfWish(facts: HostFacts, wish: Wish, key: string): Status {
  const onStub = (address: PciAddress) => facts.pciDevices.get(address)?.driver === STUB_DRIVER;
  switch (wish.kind) {
    case "HiddenPciDevice":
      return statusOf(facts, wish, key, {
        active: onStub,
        configured: (address) => isHidden(facts, address),
        pending: ({ configured, active }) => (configured === active ? "none" : "host-reboot"),
      });
    case "AssignableDevice":
      return statusOf(facts, wish, key, {
        active: onStub,
        configured: (address) => isHidden(facts, address),
        pending: () => "none",
      });
    case "VmPciAttachment":
      return statusOf(facts, wish, key, {
        active: (address) => isAttachedLive(facts, wish.vm, address),
        configured: (address) => isInConfig(facts, wish.vm, address),
        pending: ({ configured, active }) =>
          configured !== active && runningDomain(facts, wish.vm) !== undefined && wish.scope !== "live"
            ? "vm-restart"
            : "none",
      });
  }
}

/** Whether nothing of a wish is left on the host, neither our claim nor its effect. */
export function isGone(facts: HostFacts, wish: Wish, key: string): boolean {
  if (findClaim(facts, key)) return false;
  const status = statusOfWish(facts, wish, key);
  const effect =
    wish.kind === "AssignableDevice"
      ? status.functions.some((one) => one.active)
      : status.configured || (wish.kind === "VmPciAttachment" && status.active);
  return !effect;
}

/** "make 0000:01:00.0 assignable": what follows "Unable to" in errors. */
export function purposeOf(facts: HostFacts | undefined, wish: Wish, present: boolean): string {
  const device = formatPciTarget(wish.target);
  switch (wish.kind) {
    case "HiddenPciDevice":
      return present ? `hide ${device} at boot` : `stop hiding ${device} at boot`;
    case "AssignableDevice":
      return present ? `make ${device} assignable` : `give ${device} back to its driver`;
    case "VmPciAttachment": {
      const vm = facts ? attachedVmName(facts, wish.vm) : wish.vm;
      return present ? `attach ${device} to the VM "${vm}"` : `detach ${device} from the VM "${vm}"`;
    }
  }
}

function unfitHost(facts: HostFacts): string | undefined {
  const { machine, xen } = facts;
  if (!xen)
    return "it does not run on Xen (/sys/hypervisor/type does not say so). Hosts with KVM are not supported yet";
  if (!xen.xl)
    return 'it runs on Xen, but "xl info" does not answer there. Hosts with another toolstack than xl are not supported yet';
  if (machine.id === undefined)
    return "it has no /etc/machine-id, by which it could be known again. Make one: systemd-machine-id-setup, or dbus-uuidgen --ensure";
  if (machine.missingCommands.length > 0)
    return `it lacks ${machine.missingCommands.join(", ")}. Install what is missing`;
  return undefined;
}
