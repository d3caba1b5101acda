/**
 * What makes an initramfs take a module along that a softdep asks for. initramfs-tools follows softdeps by itself;
 * dracut does since 049 only, and is told in any case; mkinitfs packs what its features name, and modprobe.d with it
 * (features.d/base.files).
 */
import type { NamedText } from "./kernel-line";
import { mayAssign, readShellFile } from "./shell-assignments";
import { literalValue, withLiteralValue } from "./shell-value";

/** The program that makes the initramfs: of Debian; of Fedora, RHEL and openSUSE; of Alpine. */
export type InitramfsMaker = "initramfs-tools" | "dracut" | "mkinitfs";

const NAME = "pulumi-pci-passthrough";
const DRACUT_CONF = `/etc/dracut.conf.d/${NAME}.conf`;
const MKINITFS_CONF = "/etc/mkinitfs/mkinitfs.conf";
const MKINITFS_FEATURE = `/etc/mkinitfs/features.d/${NAME}.modules`;

/** The files that this is about, for whoever reads them. */
export const INITRAMFS_MODULE_FILES: readonly string[] = [DRACUT_CONF, MKINITFS_CONF, MKINITFS_FEATURE];

/**
 * The texts with the module (`kernel/drivers/xen/xen-pciback`, `xen-pciback`) or without; undefined where mkinitfs.conf
 * cannot be edited.
 */
export function initramfsModuleFiles(
  maker: InitramfsMaker,
  files: readonly NamedText[],
  wanted: { readonly module: string; readonly folder: string } | undefined,
): readonly { readonly path: string; readonly text: string | undefined }[] | undefined {
  switch (maker) {
    case "initramfs-tools":
      return [];
    case "dracut":
      return [{ path: DRACUT_CONF, text: wanted && `add_drivers+=" ${wanted.module} "\n` }];
    case "mkinitfs": {
      const text = withFeature(files.find(({ path }) => path === MKINITFS_CONF)?.text, wanted !== undefined);
      if (text === undefined) return undefined;
      return [
        { path: MKINITFS_FEATURE, text: wanted && `${wanted.folder}\n` },
        { path: MKINITFS_CONF, text },
      ];
    }
  }
}

function withFeature(text: string | undefined, wanted: boolean): string | undefined {
  if (text === undefined) return undefined;
  const { assignments, code } = readShellFile(text);
  const places = assignments.filter(({ name }) => name === "features");
  const features = places.at(-1);
  const isKnown = !places.some(({ conditional }) => conditional) && !code.some((piece) => mayAssign(piece, "features"));
  if (!features || (wanted && !isKnown)) return undefined;
  const value = literalValue(features);
  const has = value.split(/\s+/).includes(NAME);
  if (has === wanted) return text;
  return withLiteralValue(text, features, wanted ? `${value} ${NAME}` : value.replace(` ${NAME}`, ""));
}
