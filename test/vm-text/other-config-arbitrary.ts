import fc from "fast-check";
import { addresses } from "../pci/arbitrary";

/** Values of other-config:pci as people and programs write them, good and bad pieces in any order. */
export function otherConfigValues(): fc.Arbitrary<string> {
  const numbers = fc.constantFrom("0", "1", "7", "-1", "+2", "1_0", "x", "");
  const pieces = fc.oneof(
    fc.tuple(numbers, addresses({ maxBus: 8 })).map(([number, address]) => `${number}/${address}`),
    addresses().map((address) => `0/${address.toUpperCase()}`),
    addresses().map((address) => ` 0/${address}`),
    addresses().map((address) => `0/${address}junk`),
    fc.constantFrom(
      "",
      " ",
      "0/04:00.0",
      "04:00.0",
      "0/0000:04:00.10",
      "0/0000:04:00.8",
      "0/0000:04:40.0",
      "it's $(a)",
    ),
  );
  return fc.array(pieces, { maxLength: 4 }).map((some) => some.join(","));
}
