import { fromBytes } from "../bytes";
import type { Fact } from "./answers";
import { readValues } from "./sysfs";
import { mayHaveKey, readXeRecords, readXeReference, type XeRecord } from "./xe-output";

/** A host with XenServer or XCP-ng, and what its toolstack says about the pool. */
export interface Xapi {
  /** `XenServer` or `XCP-ng`. */
  readonly brand: string;
  readonly hostUuid: string;
  /**
   * The address of the pool's coordinator, from /etc/xensource/pool.conf; undefined where this host is the coordinator.
   */
  readonly coordinator: string | undefined;
  readonly answer: XapiAnswer;
}

/** What XAPI answers. */
export type XapiAnswer =
  | XapiPool
  /**
   * XAPI is starting, down, in emergency mode, or unable to reach its coordinator. `said` is what xe printed, or what
   * is wrong with it.
   */
  | { readonly kind: "silent"; readonly said: string };

/** The pool that this host belongs to. */
export interface XapiPool {
  readonly kind: "pool";
  readonly hosts: readonly { readonly uuid: string; readonly name: string }[];
  readonly haEnabled: boolean;
  /** All machines of the pool: VMs, control domains, templates and snapshots. */
  readonly vms: readonly XapiVm[];
  /** Which VMs of the pool have a GPU, and from which GPU group. */
  readonly gpuGroups: readonly { readonly vm: string; readonly group: string }[];
  /** Names of this host's NICs whose virtual functions a network of the pool hands out. */
  readonly sriovNics: readonly string[];
}

/** A machine of the pool. */
export interface XapiVm {
  readonly uuid: string;
  readonly name: string;
  readonly kind: "vm" | "template" | "snapshot" | "control-domain";
  /** `halted`, `paused`, `running`, `suspended`, or a passing state such as `migrating`. */
  readonly powerState: string;
  readonly residentOn: string | undefined;
  /** The host where it prefers to start. */
  readonly affinity: string | undefined;
  /** On the host where it runs; undefined when it does not. */
  readonly domainId: number | undefined;
  /** `restart`, `best-effort` or empty. */
  readonly haRestartPriority: string;
  readonly snapshots: number;
  /** The value of `other-config:pci`, byte for byte; undefined when there is no such key. */
  readonly pci: string | undefined;
}

// In the order in which xe prints them (records.ml, vm_record), which readXeRecords relies on.
const VM_FIELDS = [
  ...["uuid", "name-label", "is-a-template", "is-a-snapshot", "snapshots", "is-control-domain", "power-state"],
  ...["resident-on", "affinity", "other-config", "dom-id", "ha-restart-priority"],
];
const HOST_FIELDS = ["uuid", "name-label"];
const POOL_FIELDS = ["uuid", "ha-enabled"];
const VGPU_FIELDS = ["uuid", "vm-name-label", "gpu-group-name-label"];
const PIF_FIELDS = ["uuid", "device", "sriov-physical-PIF-of"];

/**
 * Undefined on hosts other than XenServer and XCP-ng. Three calls of xe, one more for each VM that may have devices,
 * and two about what else hands out devices. With `--all`, vm-list includes templates and snapshots. `other-config`
 * prints values without quotes, so `pci` is asked for by its key, and never with `--minimal`, which puts a backslash
 * before commas.
 */
export const xapiFact: Fact<Xapi | undefined> = {
  name: "xapi",
  about: ["vms"],
  ask: `
[ -e /etc/xensource-inventory ] || return 0
grep -H '' /etc/xensource-inventory /etc/xensource/pool.conf
command -v xe > /dev/null || return 0
xe_failed() { [ $? != 124 ] || said='it did not answer in time'; xe_said failed; }
xe_said() { prefix ">$1 "; printf '%s\\n' "$said"; prefix ''; }
said=$(limited 60 xe vm-list --all params=${VM_FIELDS.join(",")} 2>&1) || { xe_failed; return 0; }
xe_said vm
vms=$said
said=$(limited 60 xe host-list params=${HOST_FIELDS.join(",")} 2>&1) || { xe_failed; return 0; }
xe_said host
said=$(limited 60 xe pool-list params=${POOL_FIELDS.join(",")} 2>&1) || { xe_failed; return 0; }
xe_said pool
printf '%s\\n' "$vms" | while IFS= read -r line; do
  case $line in
    "uuid ("*) uuid=\${line##* } template=false ;;
    *" is-a-template ("*": true") template=true ;;
    *" other-config ("*": pci: "* | *" other-config ("*"; pci: "*)
      [ "$template" = false ] || continue
      said=$(limited 60 xe vm-param-get "uuid=$uuid" param-name=other-config param-key=pci)
      case $? in 0) xe_said "pci $uuid" ;; 124) said='it did not answer in time'; xe_said failed ;; esac ;;
  esac
done
said=$(limited 60 xe vgpu-list params=${VGPU_FIELDS.join(",")}) && xe_said vgpu
for physical in /sys/bus/pci/devices/*/physfn; do
  [ -e "$physical" ] || break
  host=$(sed -n "s/^INSTALLATION_UUID='\\(.*\\)'/\\1/p" /etc/xensource-inventory)
  said=$(limited 60 xe pif-list "host-uuid=$host" params=${PIF_FIELDS.join(",")}) && xe_said pif
  break
done
return 0`,
  parse(answer) {
    const values = readValues(answer.text);
    const inventory = values.get("/etc/xensource-inventory");
    if (inventory === undefined) return undefined;
    const lines = answer.text.split("\n");
    const hostUuid = inventoryValue(inventory, "INSTALLATION_UUID");
    const conf = values.get("/etc/xensource/pool.conf");
    return {
      brand: inventoryValue(inventory, "PRODUCT_BRAND"),
      hostUuid,
      coordinator: /^slave:(\S+)/.exec(conf ?? "")?.[1],
      answer: readAnswer(lines, hostUuid),
    };
  },
};

function readAnswer(lines: readonly string[], hostUuid: string): XapiAnswer {
  const said = linesAfter(lines, ">failed ");
  if (said.length > 0) return { kind: "silent", said: fromBytes(said.join("\n").trim()) };
  const records = (list: string, fields: readonly string[]) =>
    readXeRecords(linesAfter(lines, `>${list} `).join("\n"), fields);
  const hosts = records("host", HOST_FIELDS).map((host) => ({ uuid: uuidOf(host), name: text(host, "name-label") }));
  if (hosts.length === 0) return { kind: "silent", said: "xe is not installed, or lists no hosts" };
  if (!hosts.some((host) => host.uuid === hostUuid)) {
    return { kind: "silent", said: `xe answers for a pool without this host (${hostUuid}). Check ~/.xe of root` };
  }
  return {
    kind: "pool",
    hosts,
    haEnabled: records("pool", POOL_FIELDS).some((pool) => pool.get("ha-enabled") === "true"),
    vms: records("vm", VM_FIELDS).map((vm) => readVm(vm, lines)),
    gpuGroups: records("vgpu", VGPU_FIELDS).map((vgpu) => ({
      vm: text(vgpu, "vm-name-label"),
      group: text(vgpu, "gpu-group-name-label"),
    })),
    sriovNics: records("pif", PIF_FIELDS)
      .filter((pif) => (pif.get("sriov-physical-PIF-of") ?? "") !== "")
      .map((pif) => pif.get("device") ?? ""),
  };
}

function readVm(vm: XeRecord, lines: readonly string[]): XapiVm {
  const uuid = uuidOf(vm);
  const is = (field: string) => vm.get(field) === "true";
  const domainId = Number(vm.get("dom-id") ?? -1);
  const value = linesAfter(lines, `>pci ${uuid} `);
  return {
    uuid,
    name: text(vm, "name-label"),
    kind: is("is-control-domain")
      ? "control-domain"
      : is("is-a-snapshot")
        ? "snapshot"
        : is("is-a-template")
          ? "template"
          : "vm",
    powerState: vm.get("power-state") ?? "",
    residentOn: readXeReference(vm.get("resident-on")),
    affinity: readXeReference(vm.get("affinity")),
    domainId: domainId > 0 ? domainId : undefined,
    haRestartPriority: vm.get("ha-restart-priority") ?? "",
    snapshots: (vm.get("snapshots") ?? "").split("; ").filter((reference) => reference !== "").length,
    pci: value.length > 0 && mayHaveKey(vm.get("other-config") ?? "", "pci") ? value.join("\n") : undefined,
  };
}

/** The lines that begin with a mark, without the mark. */
function linesAfter(lines: readonly string[], mark: string): readonly string[] {
  return lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length));
}

/** Reads `NAME='value'` from the inventory. */
function inventoryValue(inventory: string, name: string): string {
  return new RegExp(`^${name}='(.*)'$`, "m").exec(inventory)?.[1] ?? "";
}

function uuidOf(record: XeRecord): string {
  return record.get("uuid") ?? "";
}

function text(record: XeRecord, field: string): string {
  return fromBytes(record.get(field) ?? "");
}
