import type { HostFacts } from "../../../facts/host-facts";
import { type LibvirtAnswers, libvirtIsAtLeast } from "../../../facts/libvirt";
import { type PciAddress, targets } from "../../../pci/address";
import type { AttachOptions } from "../../../vm-text/attach-options";
import type { Hostdev, PciHostdev } from "../../../vm-text/domain-hostdev";
import { isClaimedAssignable } from "../../claim";
import { stubDriverOf } from "../../stub-driver";
import type { PlanContext } from "../../wish";

/** Which option libvirt does not support on this host, and what to do; undefined when it supports all. */
export function whyNotOptions(libvirt: LibvirtAnswers, options: AttachOptions): string | undefined {
  const { permissive, vslot: _, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return `libvirt has no option ${unknown}, which belongs to ${unknown === "quirks" ? "xend" : "xl"}. Remove it`;
  if (permissive === undefined) return undefined;
  if (libvirt.uri !== "xen:///system")
    return "libvirt has the option permissive (writeFiltering) only for Xen, and this host runs VMs with KVM. Remove it";
  // libvirt NEWS: "xen: Add writeFiltering option for PCI devices", 6.8.0.
  if (libvirtIsAtLeast(libvirt.version, 6, 8, 0)) return undefined;
  const { major, minor, micro } = libvirt.version;
  return `libvirt ${major}.${minor}.${micro} does not know the option permissive (writeFiltering, since 6.8.0). Remove it`;
}

/** The `<hostdev>` for a function, as the program wants it. */
export function hostdevFor(
  facts: HostFacts,
  libvirt: LibvirtAnswers,
  address: PciAddress,
  options: AttachOptions,
  program: PlanContext["program"],
): Hostdev {
  const { permissive, vslot } = options;
  // From 1.0.5 to 1.1.2 libvirt defaulted to KVM's own assignment (libvirt NEWS, 1.1.3: "Prefer VFIO").
  const named = libvirtIsAtLeast(libvirt.version, 1, 0, 5) && !libvirtIsAtLeast(libvirt.version, 1, 1, 3);
  const vfio = stubDriverOf(facts, { driver: undefined }) === "vfio-pci";
  return {
    address,
    managed: !isKeptAssignable(facts, address, program),
    options: permissive === undefined ? {} : { permissive },
    guestAddress: vslot ? { bus: 0, slot: vslot, function: 0 } : undefined,
    driver: named && vfio ? { name: "vfio", model: undefined } : undefined,
  };
}

/** The `<hostdev>` that restores what a VM has now. */
export function hostdevAsIs({ address, managed, permissive, driver, guestAddress }: PciHostdev): Hostdev {
  return { address, managed, options: permissive ? { permissive } : {}, guestAddress, driver };
}

/** Whether the VM has what the program wants; what the program leaves open always matches. */
export function isAsWanted(present: PciHostdev, wanted: Hostdev): boolean {
  const { permissive } = wanted.options;
  return (
    present.managed === wanted.managed &&
    (permissive === undefined || present.permissive === permissive) &&
    (wanted.guestAddress === undefined || present.guestAddress?.slot === wanted.guestAddress.slot)
  );
}

/**
 * Whether an AssignableDevice keeps the function on its stub driver: then libvirt must not return it to the host when a
 * VM stops.
 */
function isKeptAssignable(facts: HostFacts, address: PciAddress, program: PlanContext["program"]): boolean {
  return (
    isClaimedAssignable(facts, address) ||
    program.some((other) => other.kind === "AssignableDevice" && targets(other.target, address))
  );
}
