import type { VmPlanner } from "../vm-planner";
import { planAttach } from "./attach";
import { planDetach } from "./detach";
import { findVm, isAttachedLive, isInConfig } from "./find-vm";

/** VMs of hosts with xl: a configuration file, a running domain, or both. */
export const xlVms: VmPlanner = {
  find: findVm,
  attach: planAttach,
  detach: planDetach,
  isAttachedLive,
  isConfigured: isInConfig,
};
