import { type PciAddress, parsePciAddress } from "../../provider/pci/address";

/** The address of a function, as a profile writes it. Throws RangeError. */
export function pciAddress(text: string): PciAddress {
  const address = parsePciAddress(text);
  if (!address) throw new RangeError(`not a PCI address: ${text}`);
  return address;
}
