import type { TextFile } from "../boot/text-file";
import type { Fact } from "./answers";
import { askTextFiles, readTextFiles } from "./text-files";

/** The daemon that managed VMs before xl, up to Xen 4.4, and its command xm. */
export interface Xend {
  /** Whether xm is installed and the daemon answers it. */
  readonly answers: boolean;
  /** Subcommands of xm about devices: `pci-attach` came with Xen 3.3, `pci-list-assignable-devices` too. */
  readonly commands: readonly string[];
  /** xend-pci-permissive.sxp and xend-pci-quirks.sxp. */
  readonly files: readonly TextFile[];
}

export const PERMISSIVE_FILE = "/etc/xen/xend-pci-permissive.sxp";
export const QUIRKS_FILE = "/etc/xen/xend-pci-quirks.sxp";

export const xendFact: Fact<Xend | undefined> = {
  name: "xend",
  ask: `
command -v xm || return 0
xm list > /dev/null && echo answers
xm help --long | sed -n 's/^ *\\(pci-[a-z-]*\\).*/knows \\1/p'
${askTextFiles(PERMISSIVE_FILE, QUIRKS_FILE)}`,
  parse(answer) {
    const [head = ""] = answer.text.split(/^file /m);
    const lines = head.split("\n");
    if (lines[0] === "") return undefined;
    return {
      answers: lines.includes("answers"),
      commands: lines.flatMap((line) => (line.startsWith("knows ") ? [line.slice(6)] : [])),
      files: readTextFiles(answer.text),
    };
  },
};
