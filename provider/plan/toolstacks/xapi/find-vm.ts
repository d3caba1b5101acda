import type { HostFacts } from "../../../facts/host-facts";
import type { Xapi, XapiPool, XapiVm } from "../../../facts/xapi";
import { isUuid } from "../../../facts/xe-output";
import type { FoundVm, HostVm } from "../../vm-planner";

/** A VM of the pool, with the pool and the uuid of this host. */
export interface PoolVm extends HostVm {
  readonly machine: XapiVm;
  readonly pool: XapiPool;
  readonly hostUuid: string;
}

const KINDS = { template: "a template", snapshot: "a snapshot", "control-domain": "the control domain" } as const;

/** Finds a VM by uuid or name-label. Names need not be unique in a pool, and case matters. */
export function findVm(facts: HostFacts, wanted: string): FoundVm<PoolVm> {
  const { xapi } = facts;
  if (!xapi) return { kind: "unreadable", reason: "the host is not XenServer or XCP-ng" };
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
    return { kind: "missing", reason: `"${other.name}" (${other.uuid}) is ${KINDS[other.kind]}, not a VM. Name a VM` };
  }
  const known = pool.vms.filter((vm) => vm.kind === "vm").map((vm) => `\n  "${vm.name}" (${vm.uuid})`);
  return {
    kind: "missing",
    reason: `the pool has no VM "${wanted}". Name one by its name-label or its uuid. Its VMs are:${known.join("") || " none"}`,
  };
}

/**
 * The record of a VM by uuid, even if it has become a template, which keeps the keys of the VM. Undefined when it is
 * gone.
 */
export function findMachine(facts: HostFacts, uuid: string): XapiVm | undefined {
  const pool = facts.xapi?.answer;
  return pool?.kind === "pool" ? pool.vms.find((vm) => vm.uuid === uuid.toLowerCase()) : undefined;
}

/** The name-label of a pool's host; its uuid when the pool does not list it. */
export function hostName(pool: XapiPool, uuid: string): string {
  return pool.hosts.find((host) => host.uuid === uuid)?.name ?? uuid;
}

function where(pool: XapiPool, vm: XapiVm): string {
  return vm.residentOn === undefined ? "" : ` on ${hostName(pool, vm.residentOn)}`;
}

/** What to do about each error message of xe (xen-api, newcli.ml and datamodel_errors.ml, 1.60 to 26.1). */
const ADVICE: readonly (readonly [RegExp, (coordinator: string) => string])[] = [
  [
    /emergency mode/,
    (coordinator) =>
      `This pool member has lost its coordinator ${coordinator}. If another host is the coordinator now, run "xe pool-recover-slaves" there; if none is, run "xe pool-emergency-transition-to-master" on the host that should become the coordinator`,
  ],
  [
    /regular API calls directly on a|its own (slave|supporter|pool member)|coordinator|pool master|could not be contacted|cannot be contacted/i,
    (coordinator) =>
      `Its coordinator is ${coordinator} (/etc/xensource/pool.conf). If another host is the coordinator now, run "xe pool-recover-slaves" there`,
  ],
  [/still (initiali[sz]ing|booting)/i, () => "Wait until it has started, and try again"],
  [
    /Connection refused|Lost connection|contact server|contact a running management agent|No such file/,
    () => 'It is starting or down: wait a moment and try again, or run "xe-toolstack-restart" on the host',
  ],
];

function xapiIsSilent(xapi: Xapi, said: string): string {
  const [, advice] = ADVICE.find(([words]) => words.test(said)) ?? [];
  const coordinator = xapi.coordinator ?? "named in /etc/xensource/pool.conf";
  return `XAPI does not answer. xe says: ${said || "nothing"}${advice ? `\n${advice(coordinator)}` : ""}. Nothing was changed`;
}
