import { fromBytes } from "../bytes";
import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { addressesOnPath } from "./sysfs";

/** The processes of a host that run VMs or have PCI devices open. */
export type Processes =
  | { readonly kind: "listed"; readonly processes: readonly HostProcess[] }
  /** The host did not list its processes in time. */
  | { readonly kind: "unlisted" };

/** A process that runs a VM or has a PCI device open. */
export interface HostProcess {
  readonly pid: number;
  /** What the kernel calls it, at most 15 characters: `qemu-system-x86`. */
  readonly name: string;
  readonly runsVm: boolean;
  /** The name or number that libvirt or Proxmox gave the VM; undefined where neither did. */
  readonly vmName: string | undefined;
  readonly opened: readonly OpenedDevice[];
}

/** A device file that a process has open, and what it stands for, as far as that is known. */
export interface OpenedDevice {
  /** `/dev/vfio/12`, `/dev/nvidia0`, `/dev/dri/card1`, `/dev/uio0` */
  readonly file: string;
  readonly iommuGroup: string | undefined;
  readonly address: PciAddress | undefined;
}

/** The seconds that the host has to list its processes. */
export const PROCESSES_SECONDS = 30;

/**
 * Shell function that prints what all processes have open, as `ls` does it; "unlisted" when the host could not list it in
 * time.
 */
export const OPEN_FILES = `
open_files() {
  limited ${PROCESSES_SECONDS} ls -ln /proc/[0-9]*/fd 2> /dev/null
  # Files of processes that end meanwhile are no failure; what could not be started at all (126, 127) is.
  [ $? -le 2 ] || echo unlisted
}`.trim();

/** The rule of awk that keeps, as `pid`, whose files the lines of `open_files` are about. */
export const PROCESS_OF_FILES = String.raw`/\/fd:$/ { sub(/\/fd:$/, ""); sub(/.*\//, ""); pid = $0 }`;

/**
 * The open files of all processes. A VM of KVM has a file "kvm-vm" (linux, virt/kvm/kvm_main.c, kvm_dev_ioctl_create_vm());
 * libvirt and Proxmox keep the number of its process (libvirt, src/qemu/qemu_process.c; qemu-server,
 * PVE/QemuServer/Helpers.pm). Nothing of the memory of a process is read, its command line neither: that waits for a
 * process that hangs. On Xen the hypervisor lists the VMs, and only files of drivers of the host count.
 */
export const processesFact: Fact<Processes> = {
  name: "processes",
  about: ["functions", "vms"],
  ask: `
present=
for file in /dev/nvidia[0-9]* /dev/dri/card[0-9]* /dev/uio[0-9]*; do
  [ ! -e "$file" ] || present=yes
done
[ -n "$present" ] || ! on_xen || return 0
open_files | awk '
  ${PROCESS_OF_FILES}
  / -> (\\/dev\\/(vfio\\/.*[0-9]|nvidia[0-9]+|dri\\/[a-zA-Z]+[0-9]+|uio[0-9]+)|anon_inode:kvm-vm)$/ && !seen[pid, $NF]++ { print pid, $NF }
  $1 == "unlisted" { print }' | while read -r pid file; do
  [ "$pid" != unlisted ] || echo unlisted
  name= class= device=
  read -r name < "/proc/$pid/comm"
  case $file in
    /dev/dri/*) class=drm ;;
    /dev/uio*) class=uio ;;
    /dev/vfio/devices/*) class=vfio-dev ;;
  esac
  [ -z "$class" ] || ! cd -P "/sys/class/$class/\${file##*/}/device" || device=$PWD
  echo "opened $pid $file \${device:-none} $name"
done
for file in /proc/driver/nvidia/gpus/*/information; do
  [ -e "$file" ] || continue
  while read -r first second minor; do
    [ "$first $second" != "Device Minor:" ] || echo "nvidia $minor $file"
  done < "$file"
done
for file in /var/run/libvirt/qemu/*.pid /var/run/qemu-server/*.pid; do
  [ -e "$file" ] || continue
  pid=
  read -r pid < "$file"
  echo "vm $pid $file"
done
return 0`,
  parse({ text }) {
    const lines = text.split("\n");
    if (lines.includes("unlisted")) return { kind: "unlisted" };
    const nvidia = new Map<string, PciAddress>(
      lines.flatMap((line) => {
        const [, minor = "", path = ""] = /^nvidia (\d+) (\S+)$/.exec(line) ?? [];
        const [address] = addressesOnPath(path);
        return address ? [[`/dev/nvidia${minor}`, address] as const] : [];
      }),
    );
    const vmNames = new Map(
      lines.flatMap((line) => {
        const [, pid, name = ""] = /^vm (\d+) .*\/([^/]*)\.pid$/.exec(line) ?? [];
        return pid === undefined ? [] : [[Number(pid), fromBytes(name)] as const];
      }),
    );
    const found = new Map<number, HostProcess>();
    for (const line of lines) {
      const [, pid = "", file = "", device = "", name = ""] = /^opened (\d+) (\S+) (\S+) (.*)$/.exec(line) ?? [];
      if (pid === "") continue;
      const known = found.get(Number(pid));
      const opened = file.startsWith("/dev/")
        ? [
            {
              file,
              iommuGroup: /^\/dev\/vfio\/(?:noiommu-)?(\d+)$/.exec(file)?.[1],
              address: nvidia.get(file) ?? addressesOnPath(device).at(-1),
            },
          ]
        : [];
      found.set(Number(pid), {
        pid: Number(pid),
        name: fromBytes(name),
        runsVm: known?.runsVm === true || file === "anon_inode:kvm-vm",
        vmName: vmNames.get(Number(pid)),
        opened: [...(known?.opened ?? []), ...opened],
      });
    }
    return { kind: "listed", processes: [...found.values()] };
  },
};

/** The processes that have a function open, each with the file: its own, or that of its IOMMU group. */
export function openersOf(
  { processes }: { readonly processes: Processes },
  { address, iommuGroup }: { readonly address: PciAddress; readonly iommuGroup: string | undefined },
): readonly { readonly process: HostProcess; readonly file: string }[] {
  if (processes.kind === "unlisted") return [];
  return processes.processes.flatMap((process) =>
    process.opened.flatMap((opened) =>
      opened.address === address || (opened.iommuGroup !== undefined && opened.iommuGroup === iommuGroup)
        ? [{ process, file: opened.file }]
        : [],
    ),
  );
}
