import type { HostFacts } from "../../../facts/host-facts";
import type { Xapi, XapiPool, XapiVm } from "../../../facts/xapi";
import { isUuid } from "../../../facts/xe-output";
import type { FoundVm, HostVm } from "../../vm-planner";

/** A VM of the pool, and the pool. */
export interface PoolVm extends HostVm {
  readonly machine: XapiVm;
  readonly pool: XapiPool;
  readonly hostUuid: string;
}

const KINDS = { template: "a template", snapshot: "a snapshot", "control-domain": "the control domain" } as const;

/** Finds a VM by uuid or name-label. Names are not unique in a pool, and xe compares them letter by letter. */
export function findVm(facts: HostFacts, wanted: string): FoundVm<PoolVm> {
  const { xapi } = facts;
  if (!xapi) return { kind: "unreadable", reason: "the host is no XenServer or XCP-ng" };
  const pool = xapi.answer;
  if (pool.kind === "silent") return { kind: "unreadable", reason: xapiIsSilent(xapi, pool.said) };
  const named = pool.vms.filter((vm) => (isUuid(wanted) ? vm.uuid === wanted.toLowerCase() : vm.name === wanted));
  const machines = named.filter((vm) => vm.kind === "vm");
  const [machine, second] = machines;
  if (second) {
    const list = machines.map((vm) => `\n  ${vm.uuid} (${vm.powerState}${where(pool, vm)})`).join("");
    return { kind: "several", reason: `the pool has several VMs called "${wanted}". Name one by its uuid:${list}` };
  }
  if (machine) {
    const { uuid, name, powerState } = machine;
    const running = !["halted", "suspended"].includes(powerState);
    const vm = { name, key: uuid, running, machine, pool, hostUuid: xapi.hostUuid };
    return { kind: "found", vm };
  }
  const [other] = named;
  if (other && other.kind !== "vm") {
    return { kind: "missing", reason: `"${other.name}" (${other.uuid}) is ${KINDS[other.kind]}, no VM. Name a VM` };
  }
  const known = pool.vms.filter((vm) => vm.kind === "vm").map((vm) => `\n  "${vm.name}" (${vm.uuid})`);
  return {
    kind: "missing",
    reason: `the pool has no VM "${wanted}". Name one by its name-label or its uuid. Its VMs are:${known.join("") || " none"}`,
  };
}

/** A VM, or what has become of it since: a template keeps the keys of the VM that it was. */
export function findMachine(facts: HostFacts, uuid: string): XapiVm | undefined {
  const pool = facts.xapi?.answer;
  return pool?.kind === "pool" ? pool.vms.find((vm) => vm.uuid === uuid.toLowerCase()) : undefined;
}

export function hostName(pool: XapiPool, uuid: string): string {
  return pool.hosts.find((host) => host.uuid === uuid)?.name ?? uuid;
}

function where(pool: XapiPool, vm: XapiVm): string {
  return vm.residentOn === undefined ? "" : ` on ${hostName(pool, vm.residentOn)}`;
}

/** What to do about each of the words of xe (xen-api, newcli.ml and datamodel_errors.ml, 1.60 to 26.1). */
const ADVICE: readonly (readonly [RegExp, (coordinator: string) => string])[] = [
  [
    /emergency mode/,
    (coordinator) =>
      `This pool member has lost its coordinator ${coordinator}. When another host is the coordinator now, run "xe pool-recover-slaves" there; when none is, "xe pool-emergency-transition-to-master" on the host that shall be it`,
  ],
  [
    /regular API calls directly on a|its own (slave|supporter|pool member)|coordinator|pool master|could not be contacted|cannot be contacted/i,
    (coordinator) =>
      `Its coordinator is ${coordinator} (/etc/xensource/pool.conf). When that has moved, run "xe pool-recover-slaves" on the new one`,
  ],
  [/still (initiali[sz]ing|booting)/i, () => "Wait until it has started"],
  [
    /Connection refused|Lost connection|contact server|contact a running management agent|No such file/,
    () => 'It is starting or down: wait, or run "xe-toolstack-restart" on the host',
  ],
];

function xapiIsSilent(xapi: Xapi, said: string): string {
  const [, advice] = ADVICE.find(([words]) => words.test(said)) ?? [];
  const coordinator = xapi.coordinator ?? "that pool.conf names";
  return `XAPI does not answer. xe says: ${said || "nothing"}${advice ? `\n${advice(coordinator)}` : ""}. Nothing was changed`;
}
