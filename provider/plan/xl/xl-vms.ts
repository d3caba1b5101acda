import { fromBytes } from "../../bytes";
import type { VmPlanner } from "../vm-planner";
import { planAttach } from "./attach";
import { planDetach } from "./detach";
import { findVm, isAttachedLive, isInConfig } from "./find-vm";

/** VMs of hosts with xl: a configuration file, a running domain, or both. */
export const xlVms: VmPlanner = {
  list: (facts) => [...facts.vmConfigs.map((file) => fromBytes(file.path)), ...facts.domains.map(({ name }) => name)],
  find: findVm,
  attach: planAttach,
  detach: planDetach,
  isAttachedLive,
  isConfigured: isInConfig,
};
