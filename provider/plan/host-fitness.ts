import type { HostFacts } from "../facts/host-facts";
import { toolstackOf } from "./toolstack";
import type { AssignWish, AttachWish, HideWish } from "./wish";

/** Why nothing at all can be done to this host, whatever is declared. */
export function whyNoHost({ machine }: HostFacts): string | undefined {
  if (machine.id === undefined)
    return "it has no /etc/machine-id, by which it could be known again. Make one: systemd-machine-id-setup, or dbus-uuidgen --ensure";
  if (machine.missingCommands.length > 0)
    return `it lacks ${machine.missingCommands.join(", ")}. Install what is missing`;
  return undefined;
}

/** Why this host gives no devices to VMs as the program wants it: its toolstack, or the stub driver that is named. */
export function whyNoDevicesForVms(
  facts: HostFacts,
  wish: Pick<HideWish | AssignWish, "toolstack" | "driver">,
): string | undefined {
  const toolstack = toolstackOf(facts, wish.toolstack);
  // Without VMs to plan for, a host without Xen needs no toolstack: its kernel moves devices to a stub driver by itself.
  if (toolstack.kind === "none" && (facts.xen !== undefined || wish.toolstack !== undefined)) return toolstack.reason;
  if (!wish.driver || (wish.driver === "pciback") === (facts.xen !== undefined)) return undefined;
  return facts.xen
    ? `driver "${wish.driver}" is for hosts with KVM, and this one runs on Xen, whose stub driver is pciback. Leave \`driver\` out`
    : 'driver "pciback" is for Xen, on which this host does not run. Leave `driver` out';
}

/** Why this host has no VMs to attach devices to. */
export function whyNoVms(facts: HostFacts, wish: Pick<AttachWish, "toolstack">): string | undefined {
  const toolstack = toolstackOf(facts, wish.toolstack);
  return toolstack.kind === "none" ? toolstack.reason : undefined;
}
