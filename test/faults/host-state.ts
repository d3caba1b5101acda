import { RUN_FOLDER, STATE_FOLDER } from "../../provider/claims/folders";
import type { Machine } from "../../simulator/machine";

/** What there is on a host, one line a thing: `file /etc/fstab` -> its mode, owner and text. */
export type HostState = ReadonlyMap<string, string>;

const RUNS = RUN_FOLDER.replace("/var/run", "(?:/var)?/run");
/** What is written at each run, and says nothing about the host: lock, log, results, the uptime of a reboot. */
const OF_RUNS = new RegExp(`^${RUNS}/(lock|log[^/]*|watched|going-down|result-[^/]*)$`);
/**
 * What xen-cmdline itself leaves when it is killed: Python's tempfile.mkstemp, beside the grub.cfg that it writes. GRUB
 * reads no such file, and nobody can tell it from one that another tool is writing, so it is not ours to remove.
 */
const OF_XEN_CMDLINE = /^file \/boot\/(grub|efi\/EFI\/xenserver)\/tmp[a-z0-9_]{8}$/;
/** What may stay until the next boot: notes of removals, and what is left of a trial that was killed. */
const UNTIL_BOOT = new RegExp(`^file ${RUNS}(/removed(/[^/.][^/]*)?|/trial(/.*)?)?$`);

/** libvirt numbers a device that is plugged in again anew (libvirt 9.0, qemu_alias.c, qemuAssignDeviceHostdevAlias). */
const ALIAS = / *<alias name='hostdev\d+'\/>\n?/g;

/** Everything that the product may change: files, drivers, and what toolstacks know. */
export function hostState(machine: Machine): HostState {
  const { kernel, xen, libvirt, xapi, selinux, files } = machine;
  const state = new Map<string, string>();
  for (const [path, text] of files.everything) if (!OF_RUNS.test(path)) state.set(`file ${path}`, text);
  for (const device of kernel.bus.devices) {
    const owner = xen ? ` owner ${xen.hypervisor.ownerOf(device.address)}` : "";
    const functions = device.numVfs > 0 ? ` functions ${device.numVfs}` : "";
    const override = device.driverOverride === undefined ? "" : ` override ${device.driverOverride}`;
    state.set(`device ${device.address}`, `${device.driver?.name ?? "none"}${override}${functions}${owner}`);
  }
  for (const { name, attributes } of kernel.bus.drivers) {
    state.set(`slots of ${name}`, attributes?.slots?.read?.().split("\n").sort().join("\n") ?? "");
    state.set(`ids of ${name}`, kernel.bus.idsOf(name).join());
  }
  for (const [path, value] of xen?.store.all ?? []) state.set(`xenstore ${path}`, value);
  for (const name of libvirt?.names ?? []) state.set(`libvirt ${name}`, libvirt?.xml(name).replaceAll(ALIAS, "") ?? "");
  for (const vm of xapi?.machines ?? [])
    state.set(`xapi ${vm.uuid}`, JSON.stringify({ ...vm, otherConfig: [...vm.otherConfig] }));
  state.set("xapi", String(xapi?.enabled));
  for (const [name, value] of selinux?.booleans ?? []) state.set(`boolean ${name}`, String(value));
  return state;
}

/** How the second state differs from the first, one line each. A list that is empty may as well be missing. */
export function differences(expected: HostState, found: HostState): string[] {
  const names = [...new Set([...expected.keys(), ...found.keys()])].sort();
  return names.flatMap((name) => {
    if (UNTIL_BOOT.test(name) || OF_XEN_CMDLINE.test(name)) return [];
    const before = expected.get(name) ?? "";
    const after = found.get(name) ?? "";
    if (before === after) return [];
    if (before === "") return [`${name} is new: ${short(after)}`];
    if (after === "") return [`${name} is gone: ${short(before)}`];
    return [`${name}: ${changed(before, after)}`];
  });
}

/** Whether a difference is but what the next run clears away: a part or a copy of a file, which a disk with errors keeps. */
export function isLeftToNext(difference: string): boolean {
  return /^file \S*\/\.(pci-passthrough-new|\S*\.pci-passthrough-old) is new: /.test(difference);
}

/** Whether a difference is but a folder of ours in which nothing may be. */
export function isOwnFolder(difference: string): boolean {
  return new RegExp(`^file ${STATE_FOLDER}\\S* is (new|gone): "folder `).test(difference);
}

function changed(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const lost = old.filter((line) => !now.includes(line)).map((line) => `-${line}`);
  const added = now.filter((line) => !old.includes(line)).map((line) => `+${line}`);
  return short([...lost, ...added].join(" "));
}

function short(text: string): string {
  const line = JSON.stringify(text);
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
