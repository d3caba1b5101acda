import type { HostFacts } from "../facts/host-facts";
import { libvirtIsAtLeast } from "../facts/libvirt";
import type { StubDriver } from "../pci/stub-driver";

/** The stub driver of a wish: the one it names, else the one that suits the host. */
export function stubDriverOf(facts: HostFacts, wish: { readonly driver: StubDriver | undefined }): StubDriver {
  if (wish.driver !== undefined) return wish.driver;
  if (facts.xen) return "pciback";
  const { libvirt, stubDrivers } = facts;
  // libvirt NEWS, 1.0.5: "VFIO device assignment"; kernels have vfio-pci since 3.6.
  const old = libvirt?.kind === "answers" && !libvirtIsAtLeast(libvirt.version, 1, 0, 5);
  return stubDrivers.forms.has("pci-stub") && (old || !stubDrivers.forms.has("vfio-pci")) ? "pci-stub" : "vfio-pci";
}
