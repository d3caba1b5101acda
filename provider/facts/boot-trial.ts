import { TRIAL_ARGUMENT, TRIAL_ENVIRONMENT } from "../boot/boot-trial-files";
import { readEnvironmentBlock } from "../boot/environment-block";
import type { HostFacts } from "./host-facts";

/**
 * Where a host is with a boot on trial. `armed`: the next boot is the one on trial. `unconfirmed`: the host runs it, and
 * goes back unless a login from outside confirms it. `went-back`: it runs the old boot again.
 */
export type BootTrial = "none" | "armed" | "unconfirmed" | "went-back";

/** Where the host is, by the variable that GRUB keeps and by the entry that it has booted. */
export function bootTrialOf({ files, machine }: Pick<HostFacts, "files" | "machine">): BootTrial {
  const block = readEnvironmentBlock(files.byPath.get(TRIAL_ENVIRONMENT)?.text ?? "");
  switch (block?.get("pci_passthrough_trial")) {
    case "once":
      return "armed";
    case "old":
      return machine.kernelCommandLine.split(" ").includes(TRIAL_ARGUMENT.new) ? "unconfirmed" : "went-back";
    default:
      return "none";
  }
}
