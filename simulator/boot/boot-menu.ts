import type { FileTree } from "../kernel/file-tree";
import type { Machine } from "../machine";

/** Where Debian's GRUB has its configuration. */
export const GRUB_CONFIG = "/boot/grub/grub.cfg";
const CUSTOM_CONFIG = "/boot/grub/custom.cfg";
const ENVIRONMENT = "/boot/grub/pci-passthrough.env";

/**
 * What GRUB boots from: the text of grub.cfg, whose first entry is the default, or that of the entry that custom.cfg makes
 * the default by the variable of its environment, which it saves before (seen with grub 2.06: save_env writes in place).
 */
export function runBootMenu(files: FileTree): string {
  const read = (path: string) => (files.exists(path) ? files.read(path) : "");
  const trial = variable(files);
  if (trial === "once") files.plant(ENVIRONMENT, read(ENVIRONMENT).replace("=once\n", "=old\n").padEnd(1024, "#"));
  const id = trial === "once" ? "pci-passthrough-new" : "pci-passthrough-old";
  const entry = new RegExp(`^menuentry .* --id ${id} \\{\\n[\\s\\S]*?^\\}$`, "m").exec(read(CUSTOM_CONFIG))?.[0];
  return (trial !== undefined && entry) || read(GRUB_CONFIG);
}

/** The initramfs of the first entry of a menu; undefined where it names none. */
export function initramfsIn(menu: string): string | undefined {
  return /^\s*(?:initrd|module2\s+--nounzip)\s+(\S+)/m.exec(menu)?.[1];
}

/** The variable counts only where custom.cfg has the section that reads it. */
function variable(files: FileTree): string | undefined {
  if (!files.exists(ENVIRONMENT) || !files.exists(CUSTOM_CONFIG)) return undefined;
  if (!files.read(CUSTOM_CONFIG).includes("load_env -f")) return undefined;
  return /^pci_passthrough_trial=(once|old)$/m.exec(files.read(ENVIRONMENT))?.[1];
}

/**
 * Whether a boot on trial came to nothing, so that the host boots once more: without the disk of its root the initramfs
 * reboots because of `panic=`, without its network the unit of the trial reboots after its time (both seen in the lab).
 */
export function isTrialLost({ kernel, files }: Machine): boolean {
  if (!kernel.commandLine.split(" ").includes("pci-passthrough.trial=new")) return false;
  const isThere = (path: string) => files.exists(path);
  if (!isThere("/sys/class/block/vda1")) return true;
  return (
    !isThere("/sys/class/net/mgmt0") &&
    isThere("/etc/systemd/system/sysinit.target.wants/pci-passthrough-trial.service")
  );
}
