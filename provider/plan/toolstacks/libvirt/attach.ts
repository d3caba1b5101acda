import { entriesOf } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import type { PciDevice } from "../../../facts/pci-devices";
import { formatPciTarget } from "../../../pci/address";
import { isStubDriver } from "../../../pci/stub-driver";
import { distinctEntries } from "../../claim";
import type { Judgement } from "../../guard";
import { join, type Part, part, refuse } from "../../part";
import { libvirtSays } from "../../silent-libvirt";
import { stubDriverOf } from "../../stub-driver";
import type { Attachment } from "../../vm-planner";
import type { AttachWish } from "../../wish";
import { planConfig } from "./config-part";
import { inConfig, type LibvirtVm } from "./find-vm";
import { hostdevFor, optionRefusal } from "./hostdev";
import { planLive } from "./live-part";
import { allowSysfs } from "./sysfs-boolean";

/** What virsh changes in the configuration of a VM and in the running VM, so that it has these functions. */
export function draftAttach(attachment: Attachment<LibvirtVm>): Part {
  const { facts, wish, vm, devices, key, claim, program } = attachment;
  const { libvirt } = facts;
  if (libvirt?.kind !== "answers") return refuse(libvirtSays(libvirt));
  const unable =
    optionRefusal(libvirt, wish.options) ??
    scopeRefusal(wish, vm) ??
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
  const kept = entriesOf(claim?.entries ?? [], "selinux-boolean");
  return { ...draft, entries: distinctEntries([...config.entries, ...live.entries, ...draft.entries, ...kept]) };
}

function scopeRefusal(wish: AttachWish, { domain }: LibvirtVm): string | undefined {
  if (!domain.persistent && (wish.scope === "config" || wish.scope === "both"))
    return `the VM "${domain.name}" is transient: it has no configuration that outlives it. Define it (virsh define), or set scope to "live"`;
  return wish.scope === "live" && !domain.running
    ? `the VM "${domain.name}" does not run, and scope is "live"`
    : undefined;
}

function severalInOneSlot(wish: AttachWish, devices: readonly PciDevice[]): string | undefined {
  return wish.options.vslot && devices.length > 1
    ? `${formatPciTarget(wish.target)} has ${devices.length} functions, and libvirt gives each a slot of its own. Name one function, or leave vslot out`
    : undefined;
}

/** libvirt gives VMs what is on the one stub driver that it works with. */
function onOtherStub(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  const stub = stubDriverOf(facts, { driver: undefined });
  const other = devices.find(({ driver }) => isStubDriver(driver) && driver !== stub);
  return (
    other &&
    `${other.address} is on ${other.driver}, and this libvirt gives VMs what is on ${stub}: the VM would not start. Leave \`driver\` of its AssignableDevice out`
  );
}

function judgeOtherVms(
  libvirt: LibvirtAnswers,
  wish: AttachWish,
  vm: LibvirtVm,
  devices: readonly PciDevice[],
): readonly Judgement[] {
  return libvirt.domains
    .filter((other) => other.uuid !== vm.key && devices.some(({ address }) => inConfig(other, address)))
    .map((other) => ({
      guard: "configured-in-other-vm",
      evidence: `the configuration of the VM "${other.name}" has ${formatPciTarget(wish.target)} too, and the two VMs could not run at the same time`,
    }));
}
