import type { VmPlanner } from "../../vm-planner";
import { planAttach } from "./attach";
import { planDetach } from "./detach";
import { findVm, isAttachedLive, isConfigured } from "./find-vm";

/** VMs of libvirt, on KVM and on Xen; libvirt itself keeps and edits their configuration. */
export const libvirtVms: VmPlanner = {
  list: ({ libvirt }) => (libvirt?.kind === "answers" ? libvirt.domains.map(({ uuid }) => uuid) : []),
  find: findVm,
  attach: planAttach,
  detach: planDetach,
  isAttachedLive,
  isConfigured,
};
