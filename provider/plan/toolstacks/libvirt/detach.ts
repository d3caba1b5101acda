import type { HostFacts } from "../../../facts/host-facts";
import type { PciAddress } from "../../../pci/address";
import { formatPciTarget, functionOf } from "../../../pci/address";
import type { Step } from "../../../steps/step";
import type { PciHostdev } from "../../../vm-text/domain-xml";
import { claimKey, claimToGiveBack, othersHaveEntriesIn } from "../../claim";
import { emptyPlan, type Plan, refusedPlan } from "../../plan";
import type { AttachWish, PlanContext } from "../../wish";
import { findVm, inConfig, inRunning } from "./find-vm";
import { hostdevAsIs } from "./hostdev";
import { frozen } from "./hot-plug";
import { CONFIG_ENTRY, LIVE_ENTRY, SYSFS_BOOLEAN, SYSFS_BOOLEAN_ENTRY } from "./libvirt-claim";
import { detachFromConfig, virshChange } from "./part";

/** In: facts and a wish that ends. Out: the running VM and the configuration without what we put there. */
export function planDetach(facts: HostFacts, wish: AttachWish, { owner }: PlanContext): Plan {
  const found = findVm(facts, wish.vm);
  const key = claimKey(wish, found.kind === "found" ? found.vm.key : wish.vm);
  const claim = claimToGiveBack(facts, key, owner);
  if (!claim) return emptyPlan(`${formatPciTarget(wish.target)} is not ours any more: nothing to take back`);
  if (found.kind === "unreadable" || found.kind === "several") return refusedPlan(found.reason);
  const vm = found.kind === "found" ? found.vm : undefined;
  const libvirt = facts.libvirt?.kind === "answers" ? facts.libvirt : undefined;
  const ours = (...paths: readonly string[]) => [
    ...new Set(claim.entries.filter((one) => paths.includes(one.path)).map((one) => one.entry as PciAddress)),
  ];
  const lastFirst = (a: PciHostdev, b: PciHostdev) => functionOf(b.address) - functionOf(a.address);
  const running = vm ? ours(CONFIG_ENTRY, LIVE_ENTRY).flatMap((one) => inRunning(vm.domain, one) ?? []) : [];
  const live = wish.scope === "config" ? [] : running.sort(lastFirst);
  const config = vm ? ours(CONFIG_ENTRY).flatMap((one) => inConfig(vm.domain, one) ?? []) : [];
  const stuck = vm && live.length > 0 ? frozen(facts, vm) : undefined;
  if (stuck !== undefined) return refusedPlan(stuck);
  const boolean =
    ours(SYSFS_BOOLEAN_ENTRY.path).length > 0 &&
    !othersHaveEntriesIn(facts, key, SYSFS_BOOLEAN_ENTRY.path) &&
    facts.selinux?.virtUseSysfs === true;
  const steps: Step[] = [
    ...(vm && libvirt
      ? [
          ...live.map((one) => virshChange(libvirt, vm, "virsh-detach", "live", hostdevAsIs(one))),
          ...detachFromConfig(libvirt, vm, claim.entries, config.sort(lastFirst)),
        ]
      : []),
    ...(boolean ? [{ kind: "set-selinux-boolean", name: SYSFS_BOOLEAN, to: false } as const] : []),
    { kind: "drop-claim", key, before: claim },
  ];
  const left = vm && ours(CONFIG_ENTRY, LIVE_ENTRY).length === 0;
  return {
    steps,
    effects: [
      ...live.map((one) => `${one.address} leaves the running VM "${vm?.name}"`),
      ...config.map((one) => `the configuration of the VM "${vm?.name}" loses ${one.address}`),
      ...(running.length > live.length
        ? [`the running VM "${vm?.name}" keeps ${formatPciTarget(wish.target)} until it is restarted`]
        : []),
      ...(left ? [`the VM "${vm.name}" had ${formatPciTarget(wish.target)} before us, and keeps it`] : []),
      ...(boolean ? [`the SELinux boolean ${SYSFS_BOOLEAN} is switched off again, as it was before`] : []),
    ],
    warnings: [],
    refusals: [],
  };
}
