import { type EntryOf, entriesOf } from "../../../claims/claim-entry";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import { isStubDriver } from "../../../facts/stub-drivers";
import type { PciAddress } from "../../../pci/address";
import { gain, neither } from "../../effect";
import { lossOf } from "../../effects";
import { join, type Part, part, refuse } from "../../part";
import type { Attachment } from "../../vm-planner";
import { inRunning, type LibvirtVm } from "./find-vm";
import { hotPlugObstacle } from "./hot-plug";
import { virshAttach, type WantedHostdev } from "./virsh-change";

/** Drafts the hot-plug into a running VM, or tells why it waits. */
export function planLive(
  { facts, wish, vm, entries: claimed, program }: Attachment<LibvirtVm>,
  libvirt: LibvirtAnswers,
  wanted: readonly WantedHostdev[],
): Part {
  const { domain } = vm;
  // Kept when the VM stops, since a claim changes only with the program. A device that our configuration entry brought
  // counts as ours.
  const claimedEntries = [
    ...(wish.scope === "live" ? entriesOf(claimed, "libvirt-config") : []),
    ...entriesOf(claimed, "libvirt-live"),
  ].map(({ address }) => liveEntry(address));
  const unchanged = part({ entries: claimedEntries });
  if (!domain.running || wish.scope === "config") return unchanged;
  const missing = wanted.filter(({ device }) => !inRunning(domain, device.address));
  if (missing.length === 0) return unchanged;
  const obstacle = hotPlugObstacle(facts, vm, missing, program);
  if (obstacle?.waitsFor !== undefined)
    return join(
      unchanged,
      part({ effects: [neither(`the hot-plug into the running VM "${vm.name}" waits for "${obstacle.waitsFor}"`)] }),
    );
  if (obstacle && wish.scope === "auto" && domain.persistent)
    return join(
      unchanged,
      part({ effects: [neither(`the running VM "${vm.name}" gets it at its next start: ${obstacle.reason}`)] }),
    );
  if (obstacle) return join(unchanged, refuse(obstacle.reason));
  return part({
    steps: missing.map(({ hostdev }) => virshAttach(libvirt, vm, "live", hostdev)),
    entries: [...claimedEntries, ...missing.map(({ device }) => liveEntry(device.address))],
    effects: missing.flatMap(({ device, hostdev }) => [
      gain(`${device.address} is hot-plugged into the running VM "${vm.name}"`),
      ...(hostdev.managed && !isStubDriver(facts, device.driver) ? lossOf(facts, device) : []),
    ]),
  });
}

function liveEntry(address: PciAddress): EntryOf<"libvirt-live"> {
  return { kind: "libvirt-live", address };
}
