import { type EntryOf, entriesOf } from "../../../claims/claim-entry";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import type { PciAddress } from "../../../pci/address";
import { isStubDriver } from "../../../pci/stub-driver";
import { lossOf } from "../../effects";
import { join, type Part, part, refuse } from "../../part";
import type { Attachment } from "../../vm-planner";
import { inRunning, type LibvirtVm } from "./find-vm";
import { hindrance } from "./hot-plug";
import { virshAttach, type WantedHostdev } from "./virsh-change";

/** What changes in a running VM now. */
export function planLive(
  { facts, wish, vm, claim, program }: Attachment<LibvirtVm>,
  libvirt: LibvirtAnswers,
  wanted: readonly WantedHostdev[],
): Part {
  const { domain } = vm;
  const claimed = claim?.entries ?? [];
  // Kept when the VM ends, for a claim changes only with the program; what an entry of the configuration brought is ours too.
  const had = [
    ...(wish.scope === "live" ? entriesOf(claimed, "libvirt-config") : []),
    ...entriesOf(claimed, "libvirt-live"),
  ].map(({ address }) => liveEntry(address));
  const unchanged = part({ entries: had });
  if (!domain.running || wish.scope === "config") return unchanged;
  const missing = wanted.filter(({ device }) => !inRunning(domain, device.address));
  if (missing.length === 0) return unchanged;
  const hinder = hindrance(facts, vm, missing, program);
  if (hinder?.waitsFor !== undefined)
    return join(
      unchanged,
      part({ effects: [`the hot-plug into the running VM "${vm.name}" waits for "${hinder.waitsFor}"`] }),
    );
  if (hinder && wish.scope === "auto" && domain.persistent)
    return join(
      unchanged,
      part({ effects: [`the running VM "${vm.name}" gets it at its next start: ${hinder.reason}`] }),
    );
  if (hinder) return join(unchanged, refuse(hinder.reason));
  return part({
    steps: missing.map(({ hostdev }) => virshAttach(libvirt, vm, "live", hostdev)),
    entries: [...had, ...missing.map(({ device }) => liveEntry(device.address))],
    effects: missing.flatMap(({ device, hostdev }) => [
      `${device.address} is hot-plugged into the running VM "${vm.name}"`,
      ...(hostdev.managed && !isStubDriver(device.driver) ? lossOf(facts, device) : []),
    ]),
  });
}

function liveEntry(address: PciAddress): EntryOf<"libvirt-live"> {
  return { kind: "libvirt-live", address };
}
