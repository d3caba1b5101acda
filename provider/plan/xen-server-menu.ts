import { defaultEntry, isEdited, readXenMenu } from "../boot/xen-menu";
import { whyNotRewritten } from "../boot/xen-menu-rewrite";
import type { HostFacts } from "../facts/host-facts";

/** XenServer's boot menu, which only xen-cmdline edits, or why xen-cmdline must not edit it and what to do. */
export type XenServerMenu =
  | { readonly kind: "menu"; readonly path: string }
  | { readonly kind: "unusable"; readonly reason: string };

/** Undefined on a host without xen-cmdline. */
export function xenServerMenu({ xenCmdline, xapi }: HostFacts): XenServerMenu | undefined {
  if (!xenCmdline) return undefined;
  const unusable = (reason: string): XenServerMenu => ({ kind: "unusable", reason });
  const { file, hide } = xenCmdline;
  if (!file)
    return unusable(
      "xen-cmdline finds no grub.cfg, neither for UEFI nor for BIOS. Restore the boot configuration first",
    );
  if (hide.kind === "failed")
    return unusable(`xen-cmdline cannot read ${file.path}: ${hide.said}. Fix that file first`);
  const brand = xapi?.brand ?? "";
  const menu = readXenMenu(file.text);
  const entry = defaultEntry(menu);
  if (!entry || !isEdited(entry, brand)) {
    return unusable(
      `${file.path} boots the entry "${entry?.title ?? menu.default}", but xen-cmdline edits only the entry "${brand}", so the change would have no effect. Make that entry the default first`,
    );
  }
  const damage = whyNotRewritten(file.text, brand);
  return damage === undefined
    ? { kind: "menu", path: file.target }
    : unusable(`${file.path} would be damaged: ${damage}`);
}
