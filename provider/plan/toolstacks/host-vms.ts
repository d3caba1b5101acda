import { runningDomains } from "../../facts/domains";
import type { HostFacts } from "../../facts/host-facts";
import type { PciAddress } from "../../pci/address";
import { holderOf, nameOfVm } from "../holder";
import { whyVmsUnknown } from "../unknown-vms";
import type { HostVm, VmPlanner } from "../vm-planner";
import { vmPlannerOf } from "./vm-planners";

/** The VMs that go down with the host. */
export type RunningVms =
  /** All of them, by name. */
  | { readonly kind: "all"; readonly names: readonly string[] }
  /** Those that are known to run, and why there may be others. */
  | { readonly kind: "some"; readonly names: readonly string[]; readonly reasons: readonly string[] };

/** The VMs that run on the host, whichever toolstack manages them. */
export function runningVms(facts: HostFacts): RunningVms {
  const known = knownVms(facts).flatMap(({ vm }) => (vm.running ? [vm.name] : []));
  const names = [
    ...new Set([...known, ...runningDomains(facts).map((domain) => domain.name), ...vmsOfProcesses(facts, known)]),
  ];
  const reasons = whyVmsUnknown(facts);
  return reasons.length === 0 ? { kind: "all", names } : { kind: "some", names, reasons };
}

/** The names of the VMs that are known to have a function now, or get it at their next start. */
export function vmsWith(facts: HostFacts, address: PciAddress): readonly string[] {
  const known = knownVms(facts).flatMap(({ planner, id, vm }) =>
    planner.isAttachedLive(facts, id, address) || planner.isConfigured(facts, id, address) ? [vm.name] : [],
  );
  const holding = holderOf(facts, address);
  return [...new Set([...known, ...(holding.kind === "held" ? [holding.holder.name] : [])])];
}

/** The VMs that no toolstack listed, by their processes. */
function vmsOfProcesses({ xen, processes }: HostFacts, known: readonly string[]): readonly string[] {
  // On Xen these are device models of domains.
  if (xen || processes.kind === "unlisted") return [];
  return processes.processes
    .filter(({ runsVm, vmName }) => runsVm && !known.includes(vmName ?? ""))
    .map((process) => `${nameOfVm(process)} (process ${process.pid})`);
}

/** A VM with what tells which functions it has: `id` is how the planner knows it. */
export interface KnownVm {
  readonly planner: VmPlanner;
  readonly id: string;
  readonly vm: HostVm;
}

/** The VMs that the host's toolstack lists. */
export function knownVms(facts: HostFacts): readonly KnownVm[] {
  const planner = vmPlannerOf(facts, { toolstack: undefined });
  const known = new Map<string, KnownVm>();
  for (const id of planner?.list(facts) ?? []) {
    const found = planner?.find(facts, id);
    if (planner && found?.kind === "found") known.set(found.vm.key, { planner, id, vm: found.vm });
  }
  return [...known.values()];
}
