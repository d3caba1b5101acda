import { vmPlanner } from "../../attachment";
import { draftAttach } from "./attach";
import { draftDetach } from "./detach";
import { findVm, inConfig, inRunning, type LibvirtVm } from "./find-vm";

/** VMs of libvirt, on KVM and on Xen; libvirt itself stores and edits their configuration. */
export const libvirtVms = vmPlanner<LibvirtVm>({
  list: ({ libvirt }) => (libvirt?.kind === "answers" ? libvirt.domains.map(({ uuid }) => uuid) : []),
  find: findVm,
  attach: draftAttach,
  detach: draftDetach,
  isAttachedLive: (_, { domain }, address) => inRunning(domain, address) !== undefined,
  isConfigured: (_, { domain }, address) => inConfig(domain, address) !== undefined,
});
