import { hasPciItem } from "../../../vm-text/other-config-pci";
import type { VmPlanner } from "../../vm-planner";
import { planAttach } from "./attach";
import { planDetach } from "./detach";
import { findVm } from "./find-vm";
import { devicesInVm } from "./live-devices";

/** VMs of XenServer and XCP-ng: records of the pool's database, whose key `other-config:pci` names the devices. */
export const xapiVms: VmPlanner = {
  // Those that run on another host of the pool are none of this one.
  list: ({ xapi }) =>
    xapi?.answer.kind === "pool"
      ? xapi.answer.vms
          .filter((vm) => vm.kind === "vm" && [undefined, xapi.hostUuid].includes(vm.residentOn))
          .map((vm) => vm.uuid)
      : [],
  find: findVm,
  attach: planAttach,
  detach: planDetach,
  isAttachedLive(facts, vm, address) {
    const found = findVm(facts, vm);
    return found.kind === "found" && devicesInVm(facts, found.vm.machine).includes(address);
  },
  isConfigured(facts, vm, address) {
    const found = findVm(facts, vm);
    return found.kind === "found" && hasPciItem(found.vm.machine.pci ?? "", address);
  },
};
