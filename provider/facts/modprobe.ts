import type { TextFile } from "../boot/text-file";
import { type HostFiles, selectFiles } from "./files";

/** The one file of module-init-tools, from before everything moved to modprobe.d: RHEL 5 and its contemporaries. */
export const MODPROBE_CONF = "/etc/modprobe.conf";

/** modprobe reads only names that end in .conf (modprobe.d(5)). */
export const MODPROBE_FILES: readonly string[] = ["/etc/modprobe.d/*.conf"];

/** The files of modprobe.d, which say how modules are loaded. */
export function modprobeFiles(files: HostFiles): readonly TextFile[] {
  return selectFiles(files, MODPROBE_FILES);
}

/** /etc/modprobe.conf, where the host has it. */
export function modprobeConf(files: HostFiles): TextFile | undefined {
  return files.byPath.get(MODPROBE_CONF);
}
