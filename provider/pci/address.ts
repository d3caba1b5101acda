/** A PCI function, always in the long form and in lower case: `0000:04:00.0` (segment, bus, slot, function). */
export type PciAddress = string & { readonly __brand: "PciAddress" };

/** All functions of a PCI device, in the long form and in lower case: `0000:04:00`. */
export type PciSlot = string & { readonly __brand: "PciSlot" };

/** What a resource's property `device` names: a single function, or every function of a slot. */
export type PciTarget =
  | { readonly kind: "function"; readonly address: PciAddress }
  | { readonly kind: "slot"; readonly slot: PciSlot };

// The kernel's notation: drivers/pci/pci.h prints "%04x:%02x:%02x.%d". Segments of Intel VMD have more than four
// digits.
const SEGMENT = "(?:([0-9a-f]{4,8}):)?";
const BUS_AND_SLOT = "([0-9a-f]{1,2}):([01]?[0-9a-f])";
const ADDRESS = new RegExp(`^${SEGMENT}${BUS_AND_SLOT}\\.([0-7])$`, "i");
const SLOT = new RegExp(`^${SEGMENT}${BUS_AND_SLOT}$`, "i");

/** Reads `0000:04:00.0`, `04:00.0` or `4:0.0`; undefined when the text is not a PCI address. */
export function parsePciAddress(text: string): PciAddress | undefined {
  const match = ADDRESS.exec(text);
  return match ? (`${longSlot(match)}.${match[4]}` as PciAddress) : undefined;
}

/** Reads `0000:04:00` or `04:00`; undefined when the text is not a PCI slot. */
export function parsePciSlot(text: string): PciSlot | undefined {
  const match = SLOT.exec(text);
  return match ? (longSlot(match) as PciSlot) : undefined;
}

/** Reads an address or a slot; undefined when the text is neither. */
export function parsePciTarget(text: string): PciTarget | undefined {
  const address = parsePciAddress(text);
  if (address) return { kind: "function", address };
  const slot = parsePciSlot(text);
  return slot && { kind: "slot", slot };
}

/** Writes a target in the long form, as parsePciTarget reads it. */
export function formatPciTarget(target: PciTarget): string {
  return target.kind === "function" ? target.address : target.slot;
}

/** The slot that a function belongs to: `0000:04:00` for `0000:04:00.1`. */
export function slotOf(address: PciAddress): PciSlot {
  return address.slice(0, address.lastIndexOf(".")) as PciSlot;
}

/** The function number, 0 to 7. */
export function functionOf(address: PciAddress): number {
  return Number(address.slice(address.lastIndexOf(".") + 1));
}

/** Whether the target includes this function, by its address or by its slot. */
export function targets(target: PciTarget, address: PciAddress): boolean {
  return target.kind === "function" ? target.address === address : target.slot === slotOf(address);
}

/** Whether two targets have a function in common. */
export function overlap(target: PciTarget, other: PciTarget): boolean {
  if (target.kind === "function") return targets(other, target.address);
  return other.kind === "function" ? targets(target, other.address) : target.slot === other.slot;
}

function longSlot(match: RegExpExecArray): string {
  const [, segment = "0000", bus = "", slot = ""] = match;
  return `${segment}:${bus.padStart(2, "0")}:${slot.padStart(2, "0")}`.toLowerCase();
}
