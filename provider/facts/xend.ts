import type { Fact } from "./answers";

/** The daemon that managed VMs before xl, up to Xen 4.4, and its command xm. */
export interface Xend {
  /** Whether the daemon answers xm. */
  readonly answers: boolean;
  /** Subcommands of xm that concern devices: `pci-attach` and `pci-list-assignable-devices` came with Xen 3.3. */
  readonly commands: readonly string[];
}

/** Devices whose guests may write to any register of their configuration space. */
export const PERMISSIVE_FILE = "/etc/xen/xend-pci-permissive.sxp";
/** Registers that guests of particular devices may write to. */
export const QUIRKS_FILE = "/etc/xen/xend-pci-quirks.sxp";
/** Both files. */
export const XEND_FILES: readonly string[] = [PERMISSIVE_FILE, QUIRKS_FILE];

/** Undefined on a host without xm. */
export const xendFact: Fact<Xend | undefined> = {
  name: "xend",
  about: [],
  ask: `
command -v xm || return 0
limited 30 xm list > /dev/null && echo answers
limited 30 xm help --long | sed -n 's/^ *\\(pci-[a-z-]*\\).*/knows \\1/p'`,
  parse(answer) {
    const lines = answer.text.split("\n");
    if (lines[0] === "") return undefined;
    return {
      answers: lines.includes("answers"),
      commands: lines.flatMap((line) => (line.startsWith("knows ") ? [line.slice(6)] : [])),
    };
  },
};
