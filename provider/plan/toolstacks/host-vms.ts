import type { HostFacts } from "../../facts/host-facts";
import type { PciAddress } from "../../pci/address";
import { holderOf } from "../holder";
import { whyNoLibvirt, whyUnreadable } from "../silent-libvirt";
import type { HostVm, VmPlanner } from "../vm-planner";
import { vmPlannerOf } from "./vm-planners";

/** The VMs that go down with the host. */
export interface RunningVms {
  /** The names of those that are known to run. */
  readonly known: readonly string[];
  /** Why there may be others; empty when there are none. */
  readonly unknown: readonly string[];
}

export function runningVms(facts: HostFacts): RunningVms {
  const known = vmsOf(facts).flatMap(({ vm }) => (vm.running ? [vm.name] : []));
  return {
    known: [...new Set([...known, ...facts.domains.map((domain) => domain.name)])],
    unknown: whyOthersMayRun(facts),
  };
}

/** On Xen the hypervisor's own list is complete, whatever a toolstack says. */
function whyOthersMayRun({ xen, libvirt }: HostFacts): readonly string[] {
  if (xen) return [];
  if (libvirt?.kind === "silent") return [whyNoLibvirt(libvirt)];
  return libvirt?.kind === "answers" ? libvirt.unreadable.filter(({ mayRun }) => mayRun).map(whyUnreadable) : [];
}

/** The names of the VMs that have a function now, or get it at their next start. */
export function vmsWith(facts: HostFacts, address: PciAddress): readonly string[] {
  const known = vmsOf(facts).flatMap(({ planner, id, vm }) =>
    planner.isAttachedLive(facts, id, address) || planner.isConfigured(facts, id, address) ? [vm.name] : [],
  );
  const holder = holderOf(facts, address);
  return [...new Set([...known, ...(holder ? [holder.name] : [])])];
}

interface KnownVm {
  readonly planner: VmPlanner;
  readonly id: string;
  readonly vm: HostVm;
}

function vmsOf(facts: HostFacts): readonly KnownVm[] {
  const planner = vmPlannerOf(facts, { toolstack: undefined });
  const known = new Map<string, KnownVm>();
  for (const id of planner?.list(facts) ?? []) {
    const found = planner?.find(facts, id);
    if (planner && found?.kind === "found") known.set(found.vm.key, { planner, id, vm: found.vm });
  }
  return [...known.values()];
}
