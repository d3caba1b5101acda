import type { HostFacts } from "../../../facts/host-facts";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import type { PciAddress } from "../../../pci/address";
import { isStubDriver } from "../../../pci/stub-driver";
import type { VirshChange } from "../../../steps/step";
import type { Hostdev } from "../../../vm-text/domain-xml";
import { lossOf } from "../../effects";
import type { AttachWish } from "../../wish";
import { inConfig, type LibvirtVm } from "./find-vm";
import { noRoom, portsToAdd, slotRefusal } from "./guest-room";
import { hostdevAsIs, isAsWanted } from "./hostdev";
import { CONFIG_ENTRY, configEntry, portsMadeFor } from "./libvirt-claim";
import { detachFromConfig, type Entry, NOTHING, type Part, virshChange, type Wanted } from "./part";

/** What changes in the lasting configuration of a VM. */
export function planConfig(
  facts: HostFacts,
  libvirt: LibvirtAnswers,
  wish: AttachWish,
  vm: LibvirtVm,
  wanted: readonly Wanted[],
  ours: readonly Entry[],
): Part {
  const { domain } = vm;
  if (!domain.persistent) return NOTHING;
  const steps: VirshChange[] = [];
  const entries: Entry[] = [];
  const effects: string[] = [];
  const warnings: string[] = [];
  const refusals: string[] = [];
  const step = (kind: VirshChange["kind"], hostdev: Hostdev) => virshChange(libvirt, vm, kind, "config", hostdev);
  if (wish.scope === "live") {
    // The scope was another one before: what we put there leaves.
    const left = ours.flatMap((one) =>
      one.path === CONFIG_ENTRY ? (inConfig(domain, one.entry as PciAddress) ?? []) : [],
    );
    return {
      ...NOTHING,
      steps: detachFromConfig(libvirt, vm, ours, left),
      effects: left.map((one) => `the configuration of the VM "${vm.name}" loses ${one.address}`),
    };
  }
  const ports = portsToAdd(domain.config, wanted.filter(({ device }) => !inConfig(domain, device.address)).length);
  const allPorts = [...portsMadeFor(facts, vm.key), ...ports];
  for (const { device, hostdev } of wanted) {
    const { address } = device;
    const present = inConfig(domain, address);
    const mine = ours.find((one) => one.path === CONFIG_ENTRY && one.entry === address);
    if (!present) {
      // With the first one libvirt makes ports, so its undo, the last, takes them back.
      const isFirst = !steps.some((one) => one.kind === "virsh-attach");
      steps.push({ ...step("virsh-attach", hostdev), madePorts: isFirst ? [...ports].reverse() : [] });
      entries.push(configEntry(address, allPorts));
      effects.push(`the configuration of the VM "${vm.name}" gets ${address}: it has it from its next start on`);
      if (hostdev.managed && !isStubDriver(device.driver)) {
        effects.push(...lossOf(facts, device).map((loss) => `while the VM "${vm.name}" runs: ${loss}`));
      }
    } else if (mine) {
      entries.push(mine);
      if (isAsWanted(present, hostdev)) continue;
      steps.push(step("virsh-detach", hostdevAsIs(present)), step("virsh-attach", hostdev));
      effects.push(`the entry of ${address} in the configuration of the VM "${vm.name}" changes`);
    } else {
      effects.push(`the VM "${vm.name}" has ${address} in its configuration already: taken over as found`);
      const { managed } = present;
      if (!isAsWanted(present, { ...hostdev, managed }))
        refusals.push(
          `the VM "${vm.name}" has ${address} already, with other options than these. Change that entry (virsh edit), or leave the options out`,
        );
      if (managed && !hostdev.managed)
        warnings.push(
          `${address} is in the VM "${vm.name}" with managed='yes': libvirt gives it back to its host driver when the VM ends, and the next "pulumi up" makes it assignable again`,
        );
    }
  }
  const added = steps.filter((one) => one.kind === "virsh-attach").length;
  const gone = steps.length - added;
  if (ports.length > 0)
    warnings.push(
      `the PCI Express bus of the VM "${vm.name}" has too few free root ports: libvirt adds ${ports.length} to its configuration, until the device goes`,
    );
  const full = noRoom(domain.config, added - gone);
  if (full !== undefined) refusals.push(`the VM "${vm.name}" has no room: ${full}`);
  const { vslot } = wish.options;
  const taken = added > gone && vslot ? slotRefusal(domain.config, vslot) : undefined;
  if (taken !== undefined) refusals.push(`the VM "${vm.name}": ${taken}`);
  if (added > 0 && domain.saved)
    refusals.push(
      `the VM "${vm.name}" is saved, and its next start goes on with the devices that it had. Start it, or drop the saved state: virsh managedsave-remove ${vm.key}`,
    );
  if (added > 0 && domain.snapshots > 0)
    warnings.push(
      `the VM "${vm.name}" has ${domain.snapshots} snapshot${domain.snapshots > 1 ? "s" : ""}: going back to one takes the configuration of then, without the device`,
    );
  return { steps, entries, effects, warnings, refusals };
}
