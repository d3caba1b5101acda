import type { TextFile } from "../boot/text-file";
import type { Fact } from "./answers";
import { readTextFiles } from "./text-files";

/** What XenServer's `xen-cmdline` says about the boot arguments of dom0, and the file that it edits. */
export interface XenCmdline {
  /** grub.cfg; undefined where xen-cmdline finds none, or would use a file of hosts older than XenServer 7. */
  readonly file: TextFile | undefined;
  /**
   * The arguments `xen-pciback.hide=…` of the default entry, as written there, or what xen-cmdline printed when it
   * failed.
   */
  readonly hide:
    | { readonly kind: "arguments"; readonly arguments: readonly string[] }
    | { readonly kind: "failed"; readonly said: string };
}

/** The path of the program. */
export const XEN_CMDLINE = "/opt/xensource/libexec/xen-cmdline";

/**
 * In the order in which xcp/bootloader.py looks (python-libs 2.0.3 to 3.0.10): with an EFI file it never reads the
 * other.
 */
const BOOT_FILES = ["/boot/efi/EFI/xenserver/grub.cfg", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];

/** Undefined on a host without xen-cmdline. */
export const xenCmdlineFact: Fact<XenCmdline | undefined> = {
  name: "xen_cmdline",
  about: ["files"],
  ask: `
[ -x ${XEN_CMDLINE} ] || return 0
for boot_file in ${BOOT_FILES.join(" ")}; do
  [ ! -e "$boot_file" ] || break
done
print_files "$boot_file"
if said=$(limited 30 ${XEN_CMDLINE} --get-dom0 xen-pciback.hide 2>&1); then outcome=get; else outcome=failed; fi
prefix "$outcome "
printf '%s\\n' "$said"`,
  parse(answer) {
    const lines = answer.text.split("\n");
    const said = (outcome: string) =>
      lines.filter((line) => line.startsWith(`${outcome} `)).map((line) => line.slice(outcome.length + 1));
    const [got, failed] = [said("get"), said("failed")];
    if (got.length + failed.length === 0) return undefined;
    return {
      file: readTextFiles(answer.text)[0],
      hide:
        failed.length > 0
          ? { kind: "failed", said: failed.at(-1) ?? "" }
          : { kind: "arguments", arguments: got.filter((line) => line !== "") },
    };
  },
};
