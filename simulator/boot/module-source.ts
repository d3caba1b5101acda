import type { FileTree } from "../kernel/file-tree";
import type { KernelData } from "../kernel/kernel";
import { readModprobeConfig } from "../kernel/modprobe-config";
import type { ModuleSource } from "../kernel/modules";

const MODPROBE_FOLDERS = ["/lib/modprobe.d", "/etc/modprobe.d"];

/** What modprobe finds on the root file system. */
export function readModuleSource(files: FileTree, kernel: KernelData): ModuleSource {
  const available = (name: string) => {
    const module = kernel.modules.find((candidate) => candidate.name === name);
    return module !== undefined && files.exists(`/lib/modules/${kernel.release}/${module.file}`);
  };
  return { available, config: readModprobeConfig(modprobeFiles(files).map((path) => files.read(path))) };
}

/**
 * Files whose names end in .conf, by name whatever their folder (modprobe.d(5)); before them that of module-init-tools,
 * where there is one.
 */
export function modprobeFiles(files: FileTree): readonly string[] {
  const old = "/etc/modprobe.conf";
  return [...(files.exists(old) ? [old] : []), ...modprobeFolderFiles(files)];
}

function modprobeFolderFiles(files: FileTree): readonly string[] {
  return MODPROBE_FOLDERS.flatMap((folder) =>
    files.exists(folder) ? files.list(folder).map((name) => `${folder}/${name}`) : [],
  )
    .filter((path) => path.endsWith(".conf"))
    .sort((a, b) => (a.slice(a.lastIndexOf("/")) < b.slice(b.lastIndexOf("/")) ? -1 : 1));
}
