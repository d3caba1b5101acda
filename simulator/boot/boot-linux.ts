import { Errno } from "../kernel/errno";
import { Kernel, type KernelData } from "../kernel/kernel";
import { coldplug, ModuleNotFound, modprobe } from "../kernel/modules";
import type { Machine } from "../machine";
import { runShell } from "../shell";
import { IN_INITRAMFS, initramfsPath, initramfsSource, readInitramfs, readModuleList } from "./initramfs";
import { readModuleSource } from "./module-source";
import { applyUdevRules } from "./udev-rules";

/**
 * From the kernel's first line to a login: the initramfs, then systemd-modules-load and udev on the root file system.
 */
export async function bootLinux(
  machine: Machine,
  commandLine: string,
  initramfsFile = initramfsPath(machine.profile.kernel),
): Promise<void> {
  const { files, profile } = machine;
  const data = { ...profile.kernel, ...builtSo(files, profile.kernel.release) };
  const kernel = new Kernel(data, commandLine, (address) => machine.xen?.userOf(address));
  machine.kernel = kernel;

  const initramfs = readInitramfs(files, initramfsFile);
  const early = initramfsSource(initramfs);
  // Without a script nothing is waited for: a host that has none is up when this function returns.
  for (const script of Object.values(initramfs.scripts)) await runEarly(machine, script);
  coldplug(kernel, early, kernel.bus.devices);
  for (const name of initramfs.load) tolerate(() => modprobe(kernel, early, name));

  const source = readModuleSource(files, profile.kernel);
  const folder = "/etc/modules-load.d";
  const lists = files.exists(folder) ? files.list(folder).filter((name) => name.endsWith(".conf")) : [];
  for (const list of [...lists.map((name) => `${folder}/${name}`), "/etc/modules"]) {
    for (const name of readModuleList(files, list)) tolerate(() => modprobe(kernel, source, name));
  }
  coldplug(kernel, source, kernel.bus.devices);
  applyUdevRules(files, kernel.bus);
}

/** How the kernel was built, by the file that distributions put beside it. */
function builtSo(files: Machine["files"], release: string): Pick<KernelData, "iommuByDefault"> {
  const config = `/boot/config-${release}`;
  return { iommuByDefault: files.exists(config) && /^CONFIG_INTEL_IOMMU_DEFAULT_ON\w*=y$/m.test(files.read(config)) };
}

/** A script of the initramfs: modprobe finds there what was packed. */
async function runEarly(machine: Machine, script: string): Promise<void> {
  const session = machine.login({ user: "root", uid: 0, sudo: true, cutConnection: () => {} });
  const env = new Map([
    ["PATH", "/sbin:/usr/sbin:/bin:/usr/bin"],
    [IN_INITRAMFS, "1"],
  ]);
  const { stdout, stderr } = await runShell({ machine, session, script, env });
  machine.logout(session);
  for (const line of `${stdout}${stderr}`.split("\n").filter((text) => text !== ""))
    machine.kernel.log(`init: ${line}`);
}

/** A module that cannot be loaded does not stop the boot. */
function tolerate(load: () => void): void {
  try {
    load();
  } catch (error) {
    if (!(error instanceof ModuleNotFound || error instanceof Errno)) throw error;
  }
}
