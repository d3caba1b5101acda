import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import { isStubDriver } from "../pci/stub-driver";
import { whyVmsUnknown } from "./unknown-vms";

/** Whether a running VM has a function now. */
export type Holding =
  | { readonly kind: "held"; readonly holder: Holder }
  | { readonly kind: "free" }
  /** Why it cannot be told, and what to do: a sentence without its full stop. */
  | { readonly kind: "unknown"; readonly reason: string };

/** The running VM that has a function. */
export interface Holder {
  readonly name: string;
  /** For people: "domain 3, paused". */
  readonly state: string;
}

/** The running or paused VM that has the function now, whichever toolstack manages it. */
export function holderOf(facts: HostFacts, address: PciAddress): Holding {
  const domain = facts.domains.find(({ pciDevices }) => pciDevices.some((device) => device.address === address));
  if (domain) return held(domain.name, `domain ${domain.id}${domain.paused ? ", paused" : ""}`);
  const vm =
    facts.libvirt?.kind === "answers"
      ? facts.libvirt.domains.find(({ live }) => live?.hostdevs.some((device) => device.address === address))
      : undefined;
  if (vm) return held(vm.name, vm.paused ? "paused" : "running");
  const [reason] = hasHostDriver(facts, address) ? [] : whyVmsUnknown(facts);
  return reason === undefined ? { kind: "free" } : { kind: "unknown", reason };
}

function held(name: string, state: string): Holding {
  return { kind: "held", holder: { name, state } };
}

/** What a driver of the host serves, no VM has. */
function hasHostDriver({ pciDevices }: HostFacts, address: PciAddress): boolean {
  const driver = pciDevices.get(address)?.driver;
  return driver !== undefined && !isStubDriver(driver);
}
