import type { FileTree } from "../kernel/file-tree";
import type { KernelData } from "../kernel/kernel";
import { type ModprobeConfig, moduleName, readModprobeConfig } from "../kernel/modprobe-config";
import type { ModuleSource } from "../kernel/modules";
import { modprobeFiles } from "./module-source";

/**
 * What of an initramfs matters here: which modules it has, which it loads by name, and the modprobe.d it was packed
 * with.
 */
export interface Initramfs {
  readonly modules: readonly string[];
  readonly load: readonly string[];
  readonly modprobe: Readonly<Record<string, string>>;
  /** Scripts that run before udev, in their order: path in the initramfs -> text. */
  readonly scripts: Readonly<Record<string, string>>;
}

/** Set in the environment of what runs in the initramfs. */
export const IN_INITRAMFS = "SIMULATED_INITRAMFS";

/** Where Debian has the initramfs of this kernel. */
export function initramfsPath(kernel: KernelData): string {
  return `/boot/initrd.img-${kernel.release}`;
}

/** Where RHEL 5 has it. */
export function initrdPath(kernel: KernelData): string {
  return `/boot/initrd-${kernel.release}.img`;
}

/** What mkinitramfs packs (initramfs-tools 0.142): the modules of its list with all that they need, softdeps too. */
export function packInitramfs(files: FileTree, kernel: KernelData): Initramfs {
  const modprobe = Object.fromEntries(modprobeFiles(files).map((path) => [path, files.read(path)]));
  const config = readModprobeConfig(Object.values(modprobe));
  const load = readModuleList(files, "/etc/initramfs-tools/modules").map((line) =>
    moduleName(line.split(/\s+/)[0] ?? ""),
  );
  const added = addedByOthers(files);
  const listed = [...(moduleChoice(files) === "list" ? load : [...load, ...hardwareModules(kernel)]), ...added.modules];
  const modules = new Set<string>();
  const add = (name: string) => {
    const module = kernel.modules.find((candidate) => candidate.name === name);
    if (!module || module.builtin || modules.has(name)) return;
    modules.add(name);
    for (const needed of [...(module.depends ?? []), ...softdepsOf(config, name)]) add(needed);
  };
  for (const name of listed) add(name);
  return { modules: [...modules], load, modprobe, scripts: added.scripts };
}

/** The initramfs as a file: JSON instead of a cpio archive. */
export function formatInitramfs(initramfs: Initramfs): string {
  return `simulated initramfs\n${JSON.stringify(initramfs)}\n`;
}

/** The initramfs that the kernel finds at boot; an empty one when the file is none of ours. */
export function readInitramfs(files: FileTree, path: string): Initramfs {
  const [head, body = ""] = files.exists(path) ? files.read(path).split("\n") : [];
  if (head !== "simulated initramfs") return { modules: [], load: [], modprobe: {}, scripts: {} };
  return JSON.parse(body) as Initramfs;
}

/** Where modprobe looks while the initramfs runs. */
export function initramfsSource(initramfs: Initramfs): ModuleSource {
  return {
    available: (name) => initramfs.modules.includes(name),
    config: readModprobeConfig(Object.values(initramfs.modprobe)),
  };
}

/** Lines of /etc/modules and its like, without comments. */
export function readModuleList(files: FileTree, path: string): string[] {
  if (!files.exists(path)) return [];
  return files
    .read(path)
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}

/**
 * Hooks and scripts of administrators: only those that can be run count (initramfs-tools 0.142, scripts/functions,
 * set_initlist), and the scripts run in the order of their names (tsort).
 */
function addedByOthers(files: FileTree): { modules: readonly string[]; scripts: Record<string, string> } {
  const folder = "/etc/initramfs-tools";
  const canRun = (path: string) => !path.includes("/.") && (files.status(path).mode & 0o100) !== 0;
  const filesIn = (path: string) =>
    (files.exists(path) ? [...files.list(path)].sort() : []).map((name) => `${path}/${name}`).filter(canRun);
  const modules = filesIn(`${folder}/hooks`).flatMap((hook) =>
    [...files.read(hook).matchAll(/^manual_add_modules (.+)$/gm)].flatMap((match) => (match[1] ?? "").split(/\s+/)),
  );
  const scripts = filesIn(`${folder}/scripts/init-top`).map((path) => [
    path.slice(folder.length + 1),
    files.read(path),
  ]);
  return { modules: modules.map(moduleName), scripts: Object.fromEntries(scripts) };
}

function moduleChoice(files: FileTree): string {
  const folder = "/etc/initramfs-tools/conf.d";
  const more = files.exists(folder) ? files.list(folder).map((name) => `${folder}/${name}`) : [];
  const paths = ["/etc/initramfs-tools/initramfs.conf", ...more].filter((path) => files.exists(path));
  const settings = paths.flatMap((path) => [...files.read(path).matchAll(/^MODULES=(\w+)/gm)].map((match) => match[1]));
  return settings.at(-1) ?? "most";
}

function hardwareModules(kernel: KernelData): string[] {
  return kernel.modules.filter((module) => module.driver).map((module) => module.name);
}

function softdepsOf(config: ModprobeConfig, name: string): string[] {
  return config.softdeps
    .filter((softdep) => softdep.module === name)
    .flatMap((softdep) => [...softdep.pre, ...softdep.post]);
}
