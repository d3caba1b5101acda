import { runningDomains } from "../facts/domains";
import type { HostFacts } from "../facts/host-facts";
import { type HostProcess, openersOf } from "../facts/processes";
import { isStubDriver, standsFor } from "../facts/stub-drivers";
import type { PciAddress } from "../pci/address";
import { whyVmsUnknown } from "./unknown-vms";

/** Whether a running VM has a function now. */
export type Holding =
  | { readonly kind: "held"; readonly holder: Holder }
  | { readonly kind: "free" }
  /** Why it cannot be told, and what to do: a sentence without its full stop. */
  | { readonly kind: "unknown"; readonly reason: string };

/** The running VM that has a function. */
export interface Holder {
  /** Its name; that of its process where no toolstack knows the VM. */
  readonly name: string;
  /** For people: "domain 3, paused". */
  readonly state: string;
}

/** The running or paused VM that has the function now, whichever toolstack manages it. */
export function holderOf(facts: HostFacts, address: PciAddress): Holding {
  const domain = runningDomains(facts).find(({ pciDevices }) =>
    pciDevices.some((device) => device.address === address),
  );
  if (domain) return held(domain.name, `domain ${domain.id}${domain.paused ? ", paused" : ""}`);
  const vm =
    facts.libvirt?.kind === "answers"
      ? facts.libvirt.domains.find(({ live }) => live?.hostdevs.some((device) => device.address === address))
      : undefined;
  if (vm) return held(vm.name, vm.paused ? "paused" : "running");
  const device = facts.pciDevices.get(address);
  if (!device) return { kind: "free" };
  // A VM without the function itself has it too, when it has another function of its IOMMU group.
  const opener = openersOf(facts, device).find(({ process, file }) => process.runsVm && isVfio(file));
  if (opener) return held(nameOfVm(opener.process), `process ${opener.process.pid}, which has ${opener.file} open`);
  if (isKnownFree(facts, device.driver)) return { kind: "free" };
  const [reason] = whyVmsUnknown(facts);
  return reason === undefined ? { kind: "free" } : { kind: "unknown", reason };
}

/** What people call the VM that a process runs. */
export function nameOfVm({ vmName, name }: HostProcess): string {
  return vmName ?? name;
}

/** Whether a device file is one of vfio. Only a VM or a driver in a process has use for those. */
export function isVfio(file: string): boolean {
  return file.startsWith("/dev/vfio/");
}

function held(name: string, state: string): Holding {
  return { kind: "held", holder: { name, state } };
}

/** What a driver of the host serves, no VM has. What vfio-pci serves, a VM must have open. */
function isKnownFree(facts: HostFacts, driver: string | undefined): boolean {
  if (driver === undefined) return false;
  return standsFor(facts, driver, "vfio-pci")
    ? facts.processes.kind === "listed" && !facts.xen
    : !isStubDriver(facts, driver);
}
