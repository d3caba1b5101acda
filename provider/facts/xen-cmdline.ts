import type { Fact } from "./answers";
import { askTextFiles, readTextFiles, type TextFile } from "./text-files";

/** What XenServer's `xen-cmdline` says of the boot arguments of dom0, and the file that it edits. */
export interface XenCmdline {
  /** grub.cfg; undefined where xen-cmdline would use a file of hosts older than XenServer 7, or finds none. */
  readonly file: TextFile | undefined;
  /** The arguments `xen-pciback.hide=…` of the default entry as they stand there, or why xen-cmdline cannot tell. */
  readonly hide:
    | { readonly kind: "arguments"; readonly arguments: readonly string[] }
    | { readonly kind: "failed"; readonly said: string };
}

export const XEN_CMDLINE = "/opt/xensource/libexec/xen-cmdline";

/** In the order in which xcp/bootloader.py looks (python-libs 2.0.3 to 3.0.10): with an EFI file it never reads the other. */
const BOOT_FILES = ["/boot/efi/EFI/xenserver/grub.cfg", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];

export const xenCmdlineFact: Fact<XenCmdline | undefined> = {
  name: "xen_cmdline",
  ask: `
[ -x ${XEN_CMDLINE} ] || return 0
for boot_file in ${BOOT_FILES.join(" ")}; do
  [ ! -e "$boot_file" ] || break
done
${askTextFiles('"$boot_file"').trim()}
if said=$(${XEN_CMDLINE} --get-dom0 xen-pciback.hide 2>&1); then echo "get"; else echo "failed"; fi
printf '%s\\n' "$said"`,
  parse(answer) {
    const match = /(?:^|\n)(get|failed)\n((?:(?!>|file )[^\n]*\n?)*)$/.exec(answer.text);
    if (!match) return undefined;
    const [, outcome, said = ""] = match;
    return {
      file: readTextFiles(answer.text.slice(0, match.index))[0],
      hide:
        outcome === "get"
          ? { kind: "arguments", arguments: said.split("\n").filter((line) => line !== "") }
          : { kind: "failed", said: said.trim().split("\n").at(-1) ?? "" },
    };
  },
};
