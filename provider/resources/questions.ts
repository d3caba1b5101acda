import type { Questions } from "../facts/answers";
import type { HostInput } from "../plan/inputs/host-input";

/** What the facts of a host are asked for: what this input says of it, and the files that declarations call VMs by. */
export function questionsOf({ toolstack }: HostInput, vms: readonly (string | undefined)[]): Questions {
  const paths = vms.filter((vm) => vm?.startsWith("/")).filter((vm) => vm !== undefined);
  return { vmConfigPaths: [...new Set(paths)], libvirt: toolstack === "libvirt" };
}
