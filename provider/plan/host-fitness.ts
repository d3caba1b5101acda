import type { HostFacts } from "../facts/host-facts";
import { toolstackOf } from "./toolstack";
import type { AssignWish, AttachWish, HideWish } from "./wish";

/** Why this host cannot be managed at all, whatever is declared; undefined when it can. */
export function whyNoHost({ machine }: HostFacts): string | undefined {
  if (machine.id === undefined)
    return 'it has no /etc/machine-id, which identifies the host in the state. Create one: "systemd-machine-id-setup" or "dbus-uuidgen --ensure"';
  if (machine.isDomU)
    return "it is itself a VM on Xen (a domU), which has no devices to give to VMs. Name the Xen host that it runs on, whose control domain is dom0";
  if (machine.missingCommands.length > 0)
    return `it lacks ${machine.missingCommands.join(", ")}. Install the missing programs`;
  return undefined;
}

/**
 * Why this host cannot give devices to VMs as the program wants: its toolstack, or the stub driver; undefined when it
 * can.
 */
export function whyNoDevicesForVms(
  facts: HostFacts,
  wish: Pick<HideWish | AssignWish, "toolstack" | "driver">,
): string | undefined {
  const toolstack = toolstackOf(facts, wish.toolstack);
  // A host without Xen needs a toolstack only for VMs: its kernel can bind devices to a stub driver without one.
  if (toolstack.kind === "none" && (facts.xen !== undefined || wish.toolstack !== undefined)) return toolstack.reason;
  if (!wish.driver || (wish.driver === "pciback") === (facts.xen !== undefined)) return undefined;
  return facts.xen
    ? `driver "${wish.driver}" is for KVM hosts, and this host runs on Xen, whose stub driver is pciback. Remove \`driver\``
    : 'driver "pciback" is for Xen, and this host does not run on Xen. Remove `driver`';
}

/** Why devices cannot be attached to VMs on this host; undefined when they can. */
export function whyNoVms(facts: HostFacts, wish: Pick<AttachWish, "toolstack">): string | undefined {
  const toolstack = toolstackOf(facts, wish.toolstack);
  return toolstack.kind === "none" ? toolstack.reason : undefined;
}
