import type { HostFacts } from "../facts/host-facts";
import type { PciDevice, PciIdentity } from "../facts/pci-devices";
import { formatPciTarget, type PciAddress } from "../pci/address";
import { isStubDriver } from "../pci/stub-driver";
import { findClaim } from "./claim";
import type { DeviceWish } from "./wish";

/** What a declaration has come to, as the host says it. */
export interface Status {
  /** In the long form: what `device` of the next resource takes. */
  readonly device: string;
  readonly functions: readonly FunctionStatus[];
  /** Survives a reboot of the host. */
  readonly configured: boolean;
  /** True now, of all functions. */
  readonly active: boolean;
  readonly pending: "none" | "host-reboot" | "vm-restart";
  readonly bootChange: string;
}

export interface FunctionStatus {
  readonly address: PciAddress;
  readonly identity: PciIdentity;
  /** The driver before us, where we know it and it is not the stub itself. */
  readonly originalDriver?: string;
  readonly active: boolean;
}

/** What holds of each of a wish's functions, by a rule of its kind. */
export function statusOf(
  facts: HostFacts,
  { target }: Pick<DeviceWish, "target">,
  devices: readonly PciDevice[],
  key: string,
  rule: {
    readonly active: (address: PciAddress) => boolean;
    readonly configured: (address: PciAddress) => boolean;
    readonly pending: (state: { configured: boolean; active: boolean }) => Status["pending"];
  },
): Status {
  const claim = findClaim(facts, key);
  const functions = devices.map(({ address, identity }): FunctionStatus => {
    const before = claim?.functions.find((claimed) => claimed.address === address)?.driver;
    const original = before && !isStubDriver(before) ? { originalDriver: before } : {};
    return { address, identity, ...original, active: rule.active(address) };
  });
  const configured = devices.length > 0 && devices.every((device) => rule.configured(device.address));
  const active = functions.length > 0 && functions.every((status) => status.active);
  return {
    device: formatPciTarget(target),
    functions,
    configured,
    active,
    pending: rule.pending({ configured, active }),
    bootChange: claim?.bootChange ?? "",
  };
}
