import type { ClaimEntry } from "../../../claims/claim-entry";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import type { PciDevice } from "../../../facts/pci-devices";
import type { VirshAttach, VirshChange, VirshDetach } from "../../../steps/virsh";
import type { Hostdev, PciHostdev } from "../../../vm-text/domain-hostdev";
import type { LibvirtVm } from "./find-vm";
import { hostdevAsIs } from "./hostdev";
import { portsThatGo } from "./ports";

/** A function that a VM should have, and how. */
export interface WantedHostdev {
  readonly device: PciDevice;
  readonly hostdev: Hostdev;
}

/** The step that gives a VM a function. */
export function virshAttach(
  libvirt: LibvirtAnswers,
  vm: LibvirtVm,
  to: VirshChange["to"],
  hostdev: Hostdev,
): VirshAttach {
  return { kind: "virsh-attach", ...changeOf(libvirt, vm), hostdev, to };
}

/** The step that takes a function from a VM. */
export function virshDetach(
  libvirt: LibvirtAnswers,
  vm: LibvirtVm,
  to: VirshChange["to"],
  hostdev: Hostdev,
): VirshDetach {
  return { kind: "virsh-detach", ...changeOf(libvirt, vm), hostdev, to };
}

/**
 * The steps that remove functions of a claim from the configuration, and with the last one the root ports made for
 * them.
 */
export function detachFromConfig(
  libvirt: LibvirtAnswers,
  vm: LibvirtVm,
  claimed: readonly ClaimEntry[],
  leaving: readonly PciHostdev[],
): readonly VirshDetach[] {
  return leaving.map((hostdev, index) => ({
    ...virshDetach(libvirt, vm, "config", hostdevAsIs(hostdev)),
    madePorts: index === leaving.length - 1 ? portsThatGo(claimed, vm.domain.config, leaving) : [],
  }));
}

function changeOf({ uri, separateScopes }: LibvirtAnswers, { key, name }: LibvirtVm) {
  return { uri, vm: { uuid: key, name }, separateScopes };
}
