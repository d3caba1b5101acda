import type { Questions } from "../facts/answers";
import type { HostInput } from "../plan/inputs/host-input";

/** What to ask a host: libvirt if this input names it, and the configuration files by which declarations name VMs. */
export function questionsOf({ toolstack }: HostInput, vms: readonly (string | undefined)[]): Questions {
  const paths = vms.filter((vm) => vm?.startsWith("/")).filter((vm) => vm !== undefined);
  return { vmConfigPaths: [...new Set(paths)], libvirt: toolstack === "libvirt" };
}
