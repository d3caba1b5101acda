import { hasPciItem } from "../../../vm-text/other-config-pci";
import { vmPlanner } from "../../attachment";
import { draftAttach } from "./attach";
import { draftDetach } from "./detach";
import { findVm, type PoolVm } from "./find-vm";
import { devicesInVm } from "./live-devices";

/** VMs of XenServer and XCP-ng: records in the pool's database, whose key `other-config:pci` lists the devices. */
export const xapiVms = vmPlanner<PoolVm>({
  // VMs that run on another host of the pool are not this host's.
  list: ({ xapi }) =>
    xapi?.answer.kind === "pool"
      ? xapi.answer.vms
          .filter((vm) => vm.kind === "vm" && [undefined, xapi.hostUuid].includes(vm.residentOn))
          .map((vm) => vm.uuid)
      : [],
  find: findVm,
  attach: draftAttach,
  detach: draftDetach,
  isAttachedLive: (facts, { machine }, address) => devicesInVm(facts, machine).includes(address),
  isConfigured: (_, { machine }, address) => hasPciItem(machine.pci ?? "", address),
});
