import { entriesOf } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import type { PciDevice } from "../../../facts/pci-devices";
import { isStubDriver, standsFor } from "../../../facts/stub-drivers";
import { formatPciTarget } from "../../../pci/address";
import { distinctEntries } from "../../claim";
import type { Judgement } from "../../guards/guards";
import { join, type Part, part, refuse } from "../../part";
import { whyNoLibvirt, whyUnreadable } from "../../silent-libvirt";
import { stubDriverOf } from "../../stub-driver";
import type { Attachment } from "../../vm-planner";
import type { AttachWish } from "../../wish";
import { planConfig } from "./config-part";
import { inConfig, type LibvirtVm } from "./find-vm";
import { hostdevFor, whyNotOptions } from "./hostdev";
import { planLive } from "./live-part";
import { allowSysfs } from "./sysfs-boolean";

/** Drafts what virsh changes in the configuration of a VM and in the running VM to give it functions. */
export function draftAttach(attachment: Attachment<LibvirtVm>): Part {
  const { facts, wish, vm, devices, key, entries, program } = attachment;
  const { libvirt } = facts;
  if (libvirt?.kind !== "answers") return refuse(whyNoLibvirt(libvirt));
  const unable =
    whyNotOptions(libvirt, wish.options) ??
    whyNotScope(wish, vm) ??
    severalInOneSlot(wish, devices) ??
    onOtherStub(facts, devices);
  if (unable !== undefined) return refuse(unable);
  const wanted = devices.map((device) => ({
    device,
    hostdev: hostdevFor(facts, libvirt, device.address, wish.options, program),
  }));
  const config = planConfig(attachment, libvirt, wanted);
  const live = planLive(attachment, libvirt, wanted);
  const others = part({ judgements: config.steps.length > 0 ? judgeOtherVms(libvirt, wish, vm, devices) : [] });
  const draft = join(allowSysfs(facts, key), config, live, others);
  const kept = entriesOf(entries, "selinux-boolean");
  return { ...draft, entries: distinctEntries([...config.entries, ...live.entries, ...draft.entries, ...kept]) };
}

function whyNotScope(wish: AttachWish, { domain }: LibvirtVm): string | undefined {
  if (!domain.persistent && (wish.scope === "config" || wish.scope === "both"))
    return `the VM "${domain.name}" is transient: it has no persistent configuration. Define it (virsh define), or set scope to "live"`;
  return wish.scope === "live" && !domain.running
    ? `the VM "${domain.name}" is not running, and scope is "live". Start the VM, or remove scope`
    : undefined;
}

function severalInOneSlot(wish: AttachWish, devices: readonly PciDevice[]): string | undefined {
  return wish.options.vslot && devices.length > 1
    ? `${formatPciTarget(wish.target)} has ${devices.length} functions, and libvirt gives each a slot of its own. Name one function, or remove vslot`
    : undefined;
}

/** libvirt supports only one stub driver, and gives VMs only devices that are on it. */
function onOtherStub(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  const stub = stubDriverOf(facts, { driver: undefined });
  const other = devices.find(({ driver }) => isStubDriver(facts, driver) && !standsFor(facts, driver, stub));
  return (
    other &&
    `${other.address} is on ${other.driver}, but this libvirt can give VMs only devices that are on ${stub}: the VM would not start. Remove \`driver\` from its AssignableDevice`
  );
}

function judgeOtherVms(
  libvirt: LibvirtAnswers,
  wish: AttachWish,
  vm: LibvirtVm,
  devices: readonly PciDevice[],
): readonly Judgement[] {
  const known = libvirt.domains
    .filter((other) => other.uuid !== vm.key && devices.some(({ address }) => inConfig(other, address)))
    .map((other) => ({
      guard: "configured-in-other-vm" as const,
      evidence: `the configuration of the VM "${other.name}" has ${formatPciTarget(wish.target)} too, so the two VMs cannot run at the same time`,
    }));
  return [
    ...known,
    ...libvirt.unreadable.map((other) => ({
      guard: "configured-in-other-vm" as const,
      evidence: `${whyUnreadable(other)}, so it may have ${formatPciTarget(wish.target)} too`,
    })),
  ];
}
