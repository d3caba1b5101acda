import type { HostFacts } from "../../../facts/host-facts";
import type { XapiPool, XapiVm } from "../../../facts/xapi";
import { isUuid } from "../../../facts/xe-output";
import { vmsInstead } from "../../no-such-vm";
import { whyNoXapi } from "../../silent-xapi";
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
  if (pool.kind === "silent")
    return { kind: "unreadable", reason: `${whyNoXapi(xapi, pool.said)}. Nothing was changed` };
  const named = pool.vms.filter((vm) => (isUuid(wanted) ? vm.uuid === wanted.toLowerCase() : vm.name === wanted));
  const machines = named.filter((vm) => vm.kind === "vm");
  const [machine, second] = machines;
  if (second) {
    const list = machines.map((vm) => `${vm.uuid} (${vm.powerState}${where(pool, vm)})`).join(", ");
    return { kind: "several", reason: `the pool has several VMs called "${wanted}". Name one by its uuid: ${list}` };
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
  const known = pool.vms.filter((vm) => vm.kind === "vm").map((vm) => vm.name);
  return {
    kind: "missing",
    reason: `the pool has no VM "${wanted}". Set vm to a name-label or a uuid${vmsInstead(wanted, known, "the pool")}`,
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
