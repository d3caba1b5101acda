import type { HostFacts } from "../../../facts/host-facts";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import { isStubDriver } from "../../../pci/stub-driver";
import { lossOf } from "../../effects";
import type { AttachWish, PlanContext } from "../../wish";
import { inRunning, type LibvirtVm } from "./find-vm";
import { hindrance } from "./hot-plug";
import { CONFIG_ENTRY, entryOf, LIVE_ENTRY } from "./libvirt-claim";
import { type Entry, NOTHING, type Part, virshChange, type Wanted } from "./part";

/** What changes in a running VM now. */
export function planLive(
  facts: HostFacts,
  libvirt: LibvirtAnswers,
  wish: AttachWish,
  vm: LibvirtVm,
  wanted: readonly Wanted[],
  ours: readonly Entry[],
  program: PlanContext["program"],
): Part {
  const { domain } = vm;
  // Kept when the VM ends, for a claim changes only with the program; what an entry of the configuration brought is ours too.
  const paths: readonly string[] = wish.scope === "live" ? [CONFIG_ENTRY, LIVE_ENTRY] : [LIVE_ENTRY];
  const had = ours.filter((one) => paths.includes(one.path)).map((one) => entryOf(LIVE_ENTRY, one.entry));
  if (!domain.running || wish.scope === "config") return { ...NOTHING, entries: had };
  const missing = wanted.filter(({ device }) => !inRunning(domain, device.address));
  if (missing.length === 0) return { ...NOTHING, entries: had };
  const hinder = hindrance(facts, vm, missing, program);
  if (hinder) {
    const part = { ...NOTHING, entries: had };
    if (hinder.waitsFor !== undefined)
      return { ...part, effects: [`the hot-plug into the running VM "${vm.name}" waits for "${hinder.waitsFor}"`] };
    return wish.scope === "auto" && domain.persistent
      ? { ...part, effects: [`the running VM "${vm.name}" gets it at its next start: ${hinder.reason}`] }
      : { ...part, refusals: [hinder.reason] };
  }
  return {
    ...NOTHING,
    steps: missing.map(({ hostdev }) => virshChange(libvirt, vm, "virsh-attach", "live", hostdev)),
    entries: [...had, ...missing.map(({ device }) => entryOf(LIVE_ENTRY, device.address))],
    effects: missing.flatMap(({ device, hostdev }) => [
      `${device.address} is hot-plugged into the running VM "${vm.name}"`,
      ...(hostdev.managed && !isStubDriver(device.driver) ? lossOf(facts, device) : []),
    ]),
  };
}
