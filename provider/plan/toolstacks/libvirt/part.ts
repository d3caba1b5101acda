import type { Claim } from "../../../facts/claims";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import type { PciDevice } from "../../../facts/pci-devices";
import type { Step, VirshChange } from "../../../steps/step";
import type { Hostdev, PciHostdev } from "../../../vm-text/domain-xml";
import type { LibvirtVm } from "./find-vm";
import { hostdevAsIs } from "./hostdev";
import { portsThatGo } from "./libvirt-claim";

export type Entry = Claim["entries"][number];

/** A function that a VM should have, and how. */
export interface Wanted {
  readonly device: PciDevice;
  readonly hostdev: Hostdev;
}

/** A part of the plan: what it does, what of it the claim keeps, what it means, and what forbids it. */
export interface Part {
  readonly steps: readonly Step[];
  readonly entries: readonly Entry[];
  readonly effects: readonly string[];
  readonly warnings: readonly string[];
  readonly refusals: readonly string[];
}

export const NOTHING: Part = { steps: [], entries: [], effects: [], warnings: [], refusals: [] };

/** One change of a VM by virsh. */
export function virshChange(
  libvirt: LibvirtAnswers,
  vm: LibvirtVm,
  kind: VirshChange["kind"],
  to: VirshChange["to"],
  hostdev: Hostdev,
): VirshChange {
  const { uri, separateScopes } = libvirt;
  return { kind, uri, vm: { uuid: vm.key, name: vm.name }, hostdev, to, separateScopes };
}

/** Functions of a claim leave the configuration, and with the last of them the root ports that were made for them. */
export function detachFromConfig(
  libvirt: LibvirtAnswers,
  vm: LibvirtVm,
  claimed: readonly Entry[],
  leaving: readonly PciHostdev[],
): readonly VirshChange[] {
  return leaving.map((one, at) => ({
    ...virshChange(libvirt, vm, "virsh-detach", "config", hostdevAsIs(one)),
    madePorts: at === leaving.length - 1 ? portsThatGo(claimed, vm.domain.config, leaving) : [],
  }));
}
