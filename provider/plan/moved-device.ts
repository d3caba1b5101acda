import type { Claim, ClaimedFunction } from "../claims/claim";
import { readableClaims } from "../facts/claims";
import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";

/** A claimed function at whose address there is another device now: the hardware was changed or renumbered. */
export interface MovedDevice {
  readonly claimed: ClaimedFunction;
  /** The device at its address. */
  readonly found: PciDevice;
}

/** The functions of a claim at whose addresses there are other devices now. */
export function movedDevices(facts: HostFacts, { functions }: Claim): readonly MovedDevice[] {
  return functions.flatMap((claimed) => {
    const found = facts.pciDevices.get(claimed.address);
    return found && !isSameDevice(found, claimed) ? [{ claimed, found }] : [];
  });
}

/** For people: `8086:10d3 (subsystem 15d9:060a) is at 0000:02:00.0 now`. */
export function whereNow(facts: HostFacts, claimed: ClaimedFunction): string {
  const others = readableClaims(facts).flatMap(({ claim }) => claim.functions.map(({ address }) => address));
  const places = [...facts.pciDevices.values()]
    .filter((device) => isSameDevice(device, claimed) && !others.includes(device.address))
    .map(({ address }) => address);
  const name = `${claimed.id} (subsystem ${claimed.subsystem})`;
  if (places.length === 0) return `the host has no ${name} that is free`;
  return places.length === 1 ? `${name} is at ${places[0]} now` : `${name} may be at ${places.join(" or ")} now`;
}

function isSameDevice({ identity }: PciDevice, { id, subsystem }: ClaimedFunction): boolean {
  return identity.id === id && identity.subsystem === subsystem;
}
