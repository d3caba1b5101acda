import type { TextFile } from "../boot/text-file";
import type { HostFiles } from "./files";

/** VM configurations of xl. */
export const XL_CONFIG_FILES = "/etc/xen/*.cfg";
/** VM configurations of xm, which takes files of any name. */
export const XM_CONFIG_FILES = "/etc/xen/*";
/** VMs that start with the host; usually links to the files above. */
export const AUTOSTART_FILES = "/etc/xen/auto/*";

/**
 * The VM configurations of the host, each once however many links lead to it. With xm it includes files that `isNoVm`
 * tells apart.
 */
export function vmConfigs(files: HostFiles): readonly TextFile[] {
  const byTarget = new Map<string, TextFile>();
  for (const path of files.vmConfigPaths) {
    const file = files.byPath.get(path);
    if (file && !byTarget.has(file.target)) byTarget.set(file.target, file);
  }
  return [...byTarget.values()];
}

/**
 * Whether a file in /etc/xen is no VM: what Xen and package managers put there, and Xen's examples, which nobody
 * starts.
 */
export function isNoVm({ path }: TextFile): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^x[ml]example|^README|\.(sxp|xml)$|~$|\.(rpmnew|rpmsave|rpmorig|dpkg-\w+|bak|orig)$/.test(name)) return true;
  return ["qemu-ifup", "xl.conf", "pciback.conf"].includes(name);
}
