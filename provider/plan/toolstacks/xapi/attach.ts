import type { Claim } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";
import { functionsOf, type PciDevice } from "../../../facts/pci-devices";
import type { XapiVm } from "../../../facts/xapi";
import { formatPciTarget, type PciAddress } from "../../../pci/address";
import { isStubDriver } from "../../../pci/stub-driver";
import type { VmPciEdit } from "../../../steps/step";
import { addPciItem, hasPciItem, readOtherConfigPci } from "../../../vm-text/other-config-pci";
import { claimFor, claimKey, findClaim, refuseForeignClaim } from "../../claim";
import { cautionsOf } from "../../effects";
import { judgeSteps } from "../../judge";
import { noSuchDevice } from "../../no-such-device";
import { type Plan, type Refusal, refusedPlan } from "../../plan";
import type { AttachWish, PlanContext } from "../../wish";
import { deviceCautions, vmCautions } from "./cautions";
import { entriesOf, otherConfigOf, wasAbsent } from "./claim-entries";
import { findVm, hostName, type PoolVm } from "./find-vm";

/** In: facts and the wish that a VM of XAPI has functions. Out: the edit of its `other-config:pci`, which counts from its next start on. */
export function planAttach(facts: HostFacts, wish: AttachWish, { owner, program }: PlanContext): Plan {
  const devices = functionsOf(facts.pciDevices, wish.target);
  if (devices.length === 0) return refusedPlan(noSuchDevice(facts, formatPciTarget(wish.target)));
  const found = findVm(facts, wish.vm);
  if (found.kind !== "found") return refusedPlan(found.reason);
  const { vm } = found;
  const unfit = unfitWish(wish) ?? unfitVm(vm);
  if (unfit !== undefined) return refusedPlan(unfit);

  const key = claimKey(wish, vm.key);
  const { edit, entries } = editOf(facts, vm, devices, findClaim(facts, key));
  const { steps: claimSteps } = claimFor(facts, key, owner, { drivers: [], entries: [...entries] });
  const given = devices.filter((device) => edit.some((step) => !hasPciItem(step.before ?? "", device.address)));
  return {
    steps: [...claimSteps, ...edit],
    effects: edit.map((step) => effectOf(vm, step)),
    warnings:
      edit.length === 0
        ? []
        : [
            ...vmCautions(vm),
            ...given.flatMap((device) => [
              ...deviceCautions(facts, vm, device, program),
              ...cautionsOf(facts, wish, device),
            ]),
          ],
    refusals: [
      ...refuseForeignClaim(facts, key, owner),
      ...judgeOtherVms(wish, vm, given),
      ...(given.length > 0 ? judgeIommu(facts, wish) : []),
      ...judgeSteps(facts, wish, edit),
    ],
  };
}

/** An option refused names the option and the toolstack. */
function unfitWish(wish: AttachWish): string | undefined {
  const [option] = Object.entries(wish.options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (option !== undefined)
    return `XAPI cannot carry the option ${option}: other-config:pci holds addresses alone. Leave it out`;
  if (wish.scope === "live" || wish.scope === "both")
    return `XAPI plugs no PCI device into a running VM, and scope is "${wish.scope}". Leave scope out: the VM has the device from its next start on`;
  return undefined;
}

function unfitVm({ name, machine, pool, hostUuid }: PoolVm): string | undefined {
  if (machine.powerState === "suspended")
    return `the VM "${name}" is suspended, and its saved state knows no new device. Resume it or shut it down first`;
  if (machine.residentOn !== undefined && machine.residentOn !== hostUuid)
    return `the VM "${name}" runs on ${hostName(pool, machine.residentOn)}, and the device is on ${hostName(pool, hostUuid)}. Shut it down first, and start it here`;
  // xe takes its arguments apart at line ends (newcli.ml), so such a value could not be written again.
  if (machine.pci?.includes("\n"))
    return `other-config:pci of the VM "${name}" holds a line end, and xe could not write it again as it is. Mend it first`;
  return undefined;
}

/** The new value, and what the claim has in it from then on. */
function editOf(
  facts: HostFacts,
  vm: PoolVm,
  devices: readonly PciDevice[],
  claim: Claim | undefined,
): { readonly edit: readonly VmPciEdit[]; readonly entries: Claim["entries"] } {
  const before = vm.machine.pci;
  const path = otherConfigOf(vm.machine.uuid);
  const absent = before === undefined || wasAbsent(entriesOf(facts, path));
  let value = before ?? "";
  const gives: PciAddress[] = [];
  const added: Claim["entries"] = [];
  for (const { address, driver } of devices) {
    const next = addPciItem(value, address);
    value = next.value;
    if (next.item === undefined) continue;
    added.push({ path, entry: next.item, undo: { toolstack: "xapi", absent } });
    if (!isStubDriver(driver)) gives.push(address);
  }
  const addressOf = (entry: string) => readOtherConfigPci(entry)[0]?.address;
  const again = added.map((entry) => addressOf(entry.entry));
  const kept = (claim?.entries ?? []).filter((entry) => !again.includes(addressOf(entry.entry)));
  const step: VmPciEdit = {
    kind: "set-vm-pci",
    vm: { uuid: vm.machine.uuid, name: vm.name },
    before,
    after: value,
    gives,
  };
  return { edit: added.length > 0 ? [step] : [], entries: [...kept, ...added] };
}

function effectOf(vm: PoolVm, step: VmPciEdit): string {
  const { powerState } = vm.machine;
  const when =
    powerState === "halted"
      ? "it has the device from its next start on"
      : `it is ${powerState} now, and has the device when it was shut down and started again`;
  return `other-config:pci of the VM "${vm.name}" becomes ${step.after}: ${when}`;
}

/** Whether XAPI may start the VM here: in a pool another host has other devices at the same addresses. */
function mayRunHere(vm: XapiVm, hostUuid: string): boolean {
  return [undefined, hostUuid].includes(vm.residentOn ?? vm.affinity);
}

/** XAPI itself does not look whether two VMs name one device; it resets the device under the one that runs (xenopsd, device.ml). */
function judgeOtherVms(wish: AttachWish, vm: PoolVm, given: readonly PciDevice[]): readonly Refusal[] {
  const others = vm.pool.vms.filter((one) => one.kind === "vm" && one.uuid !== vm.machine.uuid);
  return others
    .filter((one) => mayRunHere(one, vm.hostUuid))
    .flatMap((one): Refusal[] => {
      const shared = given.find((device) => hasPciItem(one.pci ?? "", device.address));
      if (!shared) return [];
      const both = `other-config:pci of the VM "${one.name}" (${one.uuid}) has ${shared.address} too`;
      if (one.powerState !== "halted") {
        const message = `${both}, and that VM is ${one.powerState}: a start of "${vm.name}" would reset the device under it. Shut it down or take the device from it first.`;
        return [{ guard: "in-use-by-vm", message }];
      }
      if (wish.allow.includes("configured-in-other-vm")) return [];
      const message = `${both}, and the two VMs could not run at the same time. If this is meant, add allow: ["configured-in-other-vm"].`;
      return [{ guard: "configured-in-other-vm", message }];
    });
}

/** Without an IOMMU the start fails with Cannot_add; XAPI looks at that for GPUs alone (xapi_vm_helpers.ml). */
function judgeIommu({ xen }: HostFacts, wish: AttachWish): readonly Refusal[] {
  if (xen?.iommu !== false || wish.allow.includes("no-iommu")) return [];
  return [
    {
      guard: "no-iommu",
      message:
        'Xen reports no IOMMU, and without one the VM does not start with a device. Switch on VT-d or AMD-Vi in the firmware. If this is meant, add allow: ["no-iommu"].',
    },
  ];
}
