import fc from "fast-check";
import type { PciAddress } from "../../provider/pci/address";
import { slotOf } from "../../provider/pci/address";
import type { AttachOptions } from "../../provider/vm-text/attach-options";
import type { PciSpec } from "../../provider/vm-text/spec-string";

/** Any address in a segment that hide lists and spec strings can name. */
export function addresses(
  numbers: { readonly maxBus?: number; readonly maxSegment?: number } = {},
): fc.Arbitrary<PciAddress> {
  return fc
    .tuple(
      fc.integer({ min: 0, max: numbers.maxSegment ?? 0xffff }),
      fc.integer({ min: 0, max: numbers.maxBus ?? 0xff }),
      fc.integer({ min: 0, max: 0x1f }),
      fc.integer({ min: 0, max: 7 }),
    )
    .map(([segment, bus, slot, func]) => `${hex(segment, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${func}` as PciAddress);
}

export function attachOptions(): fc.Arbitrary<AttachOptions> {
  return fc.record(
    {
      permissive: fc.boolean(),
      msitranslate: fc.boolean(),
      powerManagement: fc.boolean(),
      seize: fc.boolean(),
      rdmPolicy: fc.constantFrom("strict" as const, "relaxed" as const),
      vslot: fc.integer({ min: 0, max: 0x1f }),
    },
    { requiredKeys: [] },
  );
}

export function pciSpecs(): fc.Arbitrary<PciSpec> {
  return fc.record({
    device: fc.oneof(
      addresses().map((address) => ({ kind: "function" as const, address })),
      addresses().map((address) => ({ kind: "slot" as const, slot: slotOf(address) })),
      fc.stringMatching(/^[a-z0-9 _.:-]{0,12}$/).map((name) => ({ kind: "name" as const, name })),
    ),
    options: attachOptions(),
    unknown: fc.array(fc.constantFrom("future=1", "=", "flr=no"), { maxLength: 2 }),
  });
}

function hex(number: number, width: number): string {
  return number.toString(16).padStart(width, "0");
}
