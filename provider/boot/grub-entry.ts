/** The text of one entry of grub.cfg, as it is copied into another menu. */

/** An entry at the top level of the menu, with what it boots. */
export interface GrubEntryText {
  readonly title: string;
  /** The commands between its braces, one a line. */
  readonly body: string;
  /** The arguments of the kernel that becomes dom0, or of Linux, without its file and Debian's "placeholder". */
  readonly kernelLine: string;
  /** The files that it loads as initramfs. */
  readonly images: readonly string[];
}

/** The entries at the top level of a grub.cfg: those of submenus, and what stands in braces otherwise, are left out. */
export function topGrubEntries(text: string): readonly GrubEntryText[] {
  return [...text.matchAll(/^menuentry '([^'\n]*)'[^\n]*\{\n([\s\S]*?)^\}$/gm)].map(([, title = "", body = ""]) => ({
    title,
    body,
    kernelLine: kernelLineOf(body),
    images: [...body.matchAll(INITRAMFS)].flatMap(([, files = ""]) => files.trim().split(/\s+/)),
  }));
}

/** `initrd FILE …` of Linux, and `module2 --nounzip FILE` for dom0 (grub 2.06, util/grub.d/10_linux, 20_linux_xen). */
const INITRAMFS = /^\s*(?:initrd(?:16|efi)?|module2?\s+--nounzip)\s+(.+)$/gm;

function kernelLineOf(body: string): string {
  const linux = /^\s*linux(?:16|efi)?\s+\S+(.*)$/m.exec(body)?.[1];
  const dom0 = /^\s*module2?\s+(?!--)\S+(.*)$/m.exec(body)?.[1];
  return normalKernelLine(linux ?? dom0 ?? "");
}

/** Arguments as the kernel shows them in /proc/cmdline, to be compared: without its file and Debian's "placeholder". */
export function normalKernelLine(line: string): string {
  return line
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "placeholder" && !word.startsWith("BOOT_IMAGE="))
    .join(" ");
}
