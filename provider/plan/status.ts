import type { HostFacts } from "../facts/host-facts";
import type { PciDevice, PciIdentity } from "../facts/pci-devices";
import { isStubDriver } from "../facts/stub-drivers";
import { formatPciTarget, type PciAddress } from "../pci/address";
import { findClaim } from "./claim";
import type { DeviceWish } from "./wish";

/** The current state of a declaration, as reported by the host. */
export interface Status {
  /** The device in its long form, `0000:01:00.0`: what the input `device` of other resources takes. */
  readonly device: string;
  readonly functions: readonly FunctionStatus[];
  /** Whether it survives a reboot of the host. */
  readonly configured: boolean;
  /** Whether it is in effect now, for all functions. */
  readonly active: boolean;
  /** What the declaration still needs to take effect. */
  readonly pending: "none" | "host-reboot" | "vm-restart";
  /** Names the last write that needs a reboot of the host; empty when there was none. */
  readonly bootChange: string;
}

/** The current state of one function of a declaration. */
export interface FunctionStatus {
  readonly address: PciAddress;
  readonly identity: PciIdentity;
  /** The driver before the function was claimed; absent when it is not known or was a stub driver. */
  readonly originalDriver?: string;
  readonly active: boolean;
}

/** The status of a wish, from the rules of its kind for each of its functions. */
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
    const original = before && !isStubDriver(facts, before) ? { originalDriver: before } : {};
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
