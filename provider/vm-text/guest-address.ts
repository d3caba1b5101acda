import { z } from "zod";
import { readCNumber } from "./c-number";
import { Address, element } from "./domain-element";

/** A place on the guest's own PCI buses. `bus` is the index of a PCI controller. */
export interface GuestAddress {
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
}

const Placed = z.object({ address: element(Address) });

/** The place of a device in the guest; undefined where it is on no PCI bus. */
export function guestAddressOf(device: unknown): GuestAddress | undefined {
  const address = Placed.safeParse(device).data?.address;
  if (address?.["@type"] !== "pci") return undefined;
  const [bus = 0, slot, fn = 0] = (["@bus", "@slot", "@function"] as const).map((part) => readCNumber(address[part]));
  return slot === undefined ? undefined : { bus, slot, function: fn };
}
