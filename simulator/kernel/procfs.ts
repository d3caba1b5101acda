import { randomUUID } from "node:crypto";
import { FileMap, type VirtualFiles } from "./file-map";
import type { VirtualNode } from "./file-node";
import type { Kernel } from "./kernel";

/** A mount, as /proc/mounts and mountinfo show it. */
export interface MountData {
  readonly source: string;
  readonly point: string;
  readonly type: string;
  readonly options: string;
  /** Options of the file system itself. */
  readonly superOptions: string;
  /** `254:1`; the number of the block device that carries it. */
  readonly device: string;
}

/** A process with its open files, as `ls -l` shows where they lead. */
export interface ProcessData {
  readonly pid: number;
  /** At most 15 characters. */
  readonly name: string;
  readonly files: readonly string[];
}

const INIT: ProcessData = { pid: 1, name: "init", files: ["/dev/null"] };

/** /proc as far as programs that look after a host read it. */
export function procfs(
  kernel: () => Kernel,
  mounts: () => readonly MountData[],
  swaps: readonly string[],
  processes: () => readonly ProcessData[],
  old = false,
): VirtualFiles {
  const files = new FileMap<VirtualNode>();
  const folders = [
    "/proc",
    "/proc/bus",
    "/proc/bus/input",
    "/proc/self",
    "/proc/sys",
    "/proc/sys/kernel",
    "/proc/sys/kernel/random",
    "/proc/xen",
  ];
  for (const folder of folders) files.set(folder, { kind: "directory" });
  const file = (path: string, read: () => string) => files.set(path, { kind: "file", mode: 0o444, read });
  file("/proc/cmdline", () => `${kernel().commandLine}\n`);
  file("/proc/version", () => `Linux version ${kernel().data.release} ${kernel().data.version}\n`);
  file("/proc/sys/kernel/osrelease", () => `${kernel().data.release}\n`);
  file("/proc/sys/kernel/random/boot_id", () => `${kernel().bootId}\n`);
  file("/proc/self/stat", () => "2 (sh) R 1\n");
  file("/proc/sys/kernel/random/uuid", () => `${randomUUID()}\n`);
  file("/proc/modules", () =>
    kernel()
      .loadedModules.map((name) => `${name} 16384 0 - Live 0x0000000000000000\n`)
      .join(""),
  );
  // proc(5), /proc/[pid]/mountinfo
  const mountinfo = () =>
    mounts()
      .map(
        (mount, index) =>
          `${index + 20} 1 ${mount.device} / ${mount.point} ${mount.options} shared:${index + 1} - ${mount.type} ${mount.source} ${mount.superOptions}\n`,
      )
      .join("");
  if (!old) file("/proc/self/mountinfo", mountinfo);
  file("/proc/self/mounts", () =>
    mounts()
      .map((m) => `${m.source} ${m.point} ${m.type} ${m.options} 0 0\n`)
      .join(""),
  );
  files.set("/proc/mounts", { kind: "link", target: "self/mounts" });
  file(
    "/proc/swaps",
    () => `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${swaps.map((line) => `${line}\n`).join("")}`,
  );
  file("/proc/bus/input/devices", () => inputDevices(kernel()));
  file("/proc/xen/capabilities", () => "control_d\n");
  file("/proc/uptime", () => `${kernel().uptime.toFixed(2)} 200.00\n`);
  return () => {
    const all = new FileMap(files);
    for (const { pid, name, files: open } of [INIT, ...processes()]) {
      for (const folder of [`/proc/${pid}`, `/proc/${pid}/fd`]) all.set(folder, { kind: "directory" });
      all.set(`/proc/${pid}/comm`, { kind: "file", mode: 0o444, read: () => `${name}\n` });
      for (const [number, target] of open.entries()) all.set(`/proc/${pid}/fd/${number}`, { kind: "link", target });
    }
    return all;
  };
}

/** The input devices of functions that a driver holds (linux, drivers/input/input.c, input_devices_seq_show, 6.1). */
function inputDevices({ bus }: Kernel): string {
  return bus.devices
    .flatMap(({ driver, children }) => (driver ? (children?.[driver.name] ?? []) : []))
    .flatMap(({ input }) => input ?? [])
    .join("\n");
}
