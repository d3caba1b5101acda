import { type EntryOf, entriesOf } from "../../../claims/claim-entry";
import type { PciDevice } from "../../../facts/pci-devices";
import { isStubDriver } from "../../../facts/stub-drivers";
import type { XapiVm } from "../../../facts/xapi";
import type { PciAddress } from "../../../pci/address";
import type { VmPciEdit } from "../../../steps/xapi";
import { addPciItem, hasPciItem } from "../../../vm-text/other-config-pci";
import { functionOfEntry } from "../../attachments-beside";
import { type Effect, gain } from "../../effect";
import type { Judgement } from "../../guards/guards";
import { type Part, part, refuse } from "../../part";
import type { Attachment } from "../../vm-planner";
import type { AttachWish } from "../../wish";
import { deviceCautions, vmCautions } from "./cautions";
import { hostName, type PoolVm } from "./find-vm";
import { hadNoKey } from "./pci-items";

/** Drafts the edit of a VM's `other-config:pci`, which takes effect at its next start. */
export function draftAttach(attachment: Attachment<PoolVm>): Part {
  const { facts, wish, vm, devices, program } = attachment;
  const unable = whyNotWish(wish) ?? whyNotVm(vm);
  if (unable !== undefined) return refuse(unable);
  const { step, entries } = editOf(attachment);
  if (!step) return part({ entries });
  const given = devices.filter((device) => !hasPciItem(step.before ?? "", device.address));
  return part({
    steps: [step],
    entries,
    effects: [effectOf(vm, step)],
    warnings: [...vmCautions(vm), ...given.flatMap((device) => deviceCautions(facts, vm, device, program))],
    judgements: [...judgeOtherVms(vm, given), ...(facts.xen?.iommu === false ? [NO_IOMMU] : [])],
  });
}

function whyNotWish(wish: AttachWish): string | undefined {
  const [option] = Object.entries(wish.options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (option !== undefined)
    return `XAPI cannot carry the option ${option}: other-config:pci holds only addresses. Remove it`;
  if (wish.scope === "live" || wish.scope === "both")
    return `XAPI cannot plug a PCI device into a running VM, and scope is "${wish.scope}". Remove scope: the device is then available from the next start of the VM`;
  return undefined;
}

function whyNotVm({ name, machine, pool, hostUuid }: PoolVm): string | undefined {
  if (machine.powerState === "suspended")
    return `the VM "${name}" is suspended, and its saved state cannot take a new device. Resume it or shut it down first`;
  if (machine.residentOn !== undefined && machine.residentOn !== hostUuid)
    return `the VM "${name}" runs on ${hostName(pool, machine.residentOn)}, but the device is on ${hostName(pool, hostUuid)}. Shut the VM down first, and start it on ${hostName(pool, hostUuid)}`;
  // xe splits its arguments at line breaks (newcli.ml), so such a value could not be written back.
  if (machine.pci?.includes("\n"))
    return `other-config:pci of the VM "${name}" contains a line break, and xe could not write it back unchanged. Fix it first`;
  return undefined;
}

/** The edit with the new value, if it changes, and the entries that the claim then has in it. */
function editOf({ facts, vm, devices, entries: claimed }: Attachment<PoolVm>): {
  readonly step: VmPciEdit | undefined;
  readonly entries: readonly EntryOf<"xapi">[];
} {
  const { uuid, pci: before } = vm.machine;
  const absent = before === undefined || hadNoKey(facts, uuid);
  let value = before ?? "";
  const gives: PciAddress[] = [];
  const takes: PciAddress[] = [];
  const added: EntryOf<"xapi">[] = [];
  for (const { address, driver } of devices) {
    const next = addPciItem(value, address);
    value = next.value;
    if (next.item === undefined) continue;
    added.push({ kind: "xapi", vm: uuid, item: next.item, undo: { absent } });
    gives.push(address);
    if (!isStubDriver(facts, driver)) takes.push(address);
  }
  const again = added.map(functionOfEntry);
  const kept = entriesOf(claimed, "xapi").filter((entry) => !again.includes(functionOfEntry(entry)));
  const step: VmPciEdit = { kind: "set-vm-pci", vm: { uuid, name: vm.name }, before, after: value, gives, takes };
  return { step: added.length > 0 ? step : undefined, entries: [...kept, ...added] };
}

function effectOf(vm: PoolVm, step: VmPciEdit): Effect {
  const { powerState } = vm.machine;
  const when =
    powerState === "halted"
      ? "the device is available from its next start"
      : `it is ${powerState} now; shut it down and start it again to make the device available`;
  return gain(`other-config:pci of the VM "${vm.name}" becomes ${step.after}: ${when}`);
}

/** Whether XAPI may start the VM on this host. Other hosts of a pool have other devices at the same addresses. */
function mayRunHere(vm: XapiVm, hostUuid: string): boolean {
  return [undefined, hostUuid].includes(vm.residentOn ?? vm.affinity);
}

/**
 * XAPI does not check whether two VMs name the same device; it resets the device while the other VM uses it (xenopsd,
 * device.ml).
 */
function judgeOtherVms(vm: PoolVm, given: readonly PciDevice[]): readonly Judgement[] {
  const others = vm.pool.vms.filter((other) => other.kind === "vm" && other.uuid !== vm.machine.uuid);
  return others
    .filter((other) => mayRunHere(other, vm.hostUuid))
    .flatMap((other): Judgement[] => {
      const shared = given.find((device) => hasPciItem(other.pci ?? "", device.address));
      if (!shared) return [];
      const both = `other-config:pci of the VM "${other.name}" (${other.uuid}) has ${shared.address} too`;
      return other.powerState === "halted"
        ? [{ guard: "configured-in-other-vm", evidence: `${both}, so the two VMs cannot run at the same time` }]
        : [
            {
              guard: "in-use-by-vm",
              evidence: `${both}, and that VM is ${other.powerState}: starting "${vm.name}" would reset the device while it is in use. Shut down "${other.name}" or detach the device from it first`,
            },
          ];
    });
}

/** Without an IOMMU the start fails with Cannot_add; XAPI checks this only for GPUs (xapi_vm_helpers.ml). */
const NO_IOMMU: Judgement = {
  guard: "no-iommu",
  evidence:
    "Xen reports no IOMMU, and without one the VM cannot start with a device. Turn on VT-d or AMD-Vi in the firmware",
};
