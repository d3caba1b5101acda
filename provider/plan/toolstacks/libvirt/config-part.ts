import { type ClaimEntry, type EntryOf, entriesOf } from "../../../claims/claim-entry";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import { isStubDriver } from "../../../facts/stub-drivers";
import type { VirshAttach, VirshDetach } from "../../../steps/virsh";
import { type Effect, gain, loss, neither } from "../../effect";
import { lossOf } from "../../effects";
import { NOTHING, type Part, part } from "../../part";
import type { Attachment } from "../../vm-planner";
import { inConfig, type LibvirtVm } from "./find-vm";
import { portsToAdd, whyNoRoom, whyNotSlot } from "./guest-room";
import { hostdevAsIs, isAsWanted } from "./hostdev";
import { portsMadeFor } from "./ports";
import { detachFromConfig, virshAttach, virshDetach, type WantedHostdev } from "./virsh-change";

/** Drafts the changes of a VM's persistent configuration. */
export function planConfig(
  { facts, wish, vm, entries: claimEntries }: Attachment<LibvirtVm>,
  libvirt: LibvirtAnswers,
  wanted: readonly WantedHostdev[],
): Part {
  const { domain } = vm;
  if (!domain.persistent) return NOTHING;
  const claimed = entriesOf(claimEntries, "libvirt-config");
  if (wish.scope === "live") return withoutConfig(libvirt, vm, claimEntries);
  const steps: (VirshAttach | VirshDetach)[] = [];
  const entries: EntryOf<"libvirt-config">[] = [];
  const effects: Effect[] = [];
  const warnings: string[] = [];
  const problems: string[] = [];
  const ports = portsToAdd(domain.config, wanted.filter(({ device }) => !inConfig(domain, device.address)).length);
  const allPorts = [...portsMadeFor(facts, vm.key), ...ports];
  for (const { device, hostdev } of wanted) {
    const { address } = device;
    const present = inConfig(domain, address);
    const entry = claimed.find((known) => known.address === address);
    if (!present) {
      // libvirt adds the ports with the first function; its undo, which runs last, removes them.
      const isFirst = !steps.some(({ kind }) => kind === "virsh-attach");
      steps.push({
        ...virshAttach(libvirt, vm, "config", hostdev),
        madePorts: isFirst ? [...ports].reverse() : [],
      });
      entries.push({ kind: "libvirt-config", address, undo: { ports: allPorts } });
      effects.push(gain(`the VM "${vm.name}" gets ${address} at its next start`));
      if (hostdev.managed && !isStubDriver(facts, device.driver)) {
        effects.push(...lossOf(facts, device).map(({ text }) => loss(`while the VM "${vm.name}" runs: ${text}`)));
      }
    } else if (entry) {
      entries.push(entry);
      if (isAsWanted(present, hostdev)) continue;
      // A driver that somebody chose for it stays.
      const driver = hostdev.driver ?? present.driver;
      steps.push(
        virshDetach(libvirt, vm, "config", hostdevAsIs(present)),
        virshAttach(libvirt, vm, "config", { ...hostdev, driver }),
      );
      effects.push(neither(`the entry of ${address} in the configuration of the VM "${vm.name}" changes`));
    } else {
      effects.push(neither(`the VM "${vm.name}" has ${address} in its configuration already: adopted as found`));
      const { managed } = present;
      if (!isAsWanted(present, { ...hostdev, managed }))
        problems.push(
          `the VM "${vm.name}" has ${address} already, with other options. Change that entry (virsh edit), or remove the options`,
        );
      if (managed && !hostdev.managed)
        warnings.push(
          `${address} is in the VM "${vm.name}" with managed='yes': libvirt binds it to its host driver again when the VM stops, and the next "pulumi up" makes it assignable again`,
        );
    }
  }
  const added = steps.filter(({ kind }) => kind === "virsh-attach").length;
  const gone = steps.length - added;
  if (ports.length > 0)
    warnings.push(
      `the PCI Express bus of the VM "${vm.name}" has too few free root ports: libvirt adds ${ports.length} to its configuration until the device is detached`,
    );
  const full = whyNoRoom(domain.config, added - gone);
  if (full !== undefined) problems.push(`the VM "${vm.name}" has no room: ${full}`);
  const { vslot } = wish.options;
  const taken = added > gone && vslot ? whyNotSlot(domain.config, vslot) : undefined;
  if (taken !== undefined) problems.push(`the VM "${vm.name}": ${taken}`);
  if (added > 0 && domain.saved)
    problems.push(
      `the VM "${vm.name}" is saved, and its next start resumes with the devices that it had. Start it first, or discard the saved state: "virsh managedsave-remove ${vm.key}"`,
    );
  if (added > 0 && domain.snapshots > 0)
    warnings.push(
      `the VM "${vm.name}" has ${domain.snapshots} snapshot${domain.snapshots > 1 ? "s" : ""}: reverting to one restores the old configuration, without the device`,
    );
  return part({
    steps,
    entries,
    effects,
    warnings,
    judgements: problems.map((evidence) => ({ guard: undefined, evidence })),
  });
}

/** The scope has become "live": what was added to the configuration is removed. */
function withoutConfig(libvirt: LibvirtAnswers, vm: LibvirtVm, claimed: readonly ClaimEntry[]): Part {
  const left = entriesOf(claimed, "libvirt-config").flatMap(({ address }) => inConfig(vm.domain, address) ?? []);
  return part({
    steps: detachFromConfig(libvirt, vm, claimed, left),
    effects: left.map(({ address }) => loss(`${address} is removed from the configuration of the VM "${vm.name}"`)),
  });
}
