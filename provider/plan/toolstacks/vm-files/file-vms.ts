import { fromBytes } from "../../../bytes";
import { isNoVm, vmConfigs } from "../../../facts/vm-configs";
import type { VmPlanner } from "../../vm-planner";
import { planAttach } from "./attach";
import { planDetach } from "./detach";
import type { FileToolstack } from "./file-toolstack";
import { findVm, isAttachedLive, isInConfig } from "./find-vm";

/** How VMs that are files get devices and lose them. */
export function fileVms(tools: FileToolstack): VmPlanner {
  return {
    list: (facts) => [
      ...vmConfigs(facts.files)
        .filter((file) => !isNoVm(file))
        .map((file) => fromBytes(file.path)),
      ...facts.domains.map(({ name }) => name),
    ],
    find: (facts, vm) => findVm(tools, facts, vm),
    attach: (facts, wish, context) => planAttach(tools, facts, wish, context),
    detach: (facts, wish, context) => planDetach(tools, facts, wish, context),
    isAttachedLive: (facts, vm, address) => isAttachedLive(tools, facts, vm, address),
    isConfigured: (facts, vm, address) => isInConfig(tools, facts, vm, address),
  };
}
