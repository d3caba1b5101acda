import fc from "fast-check";
import { addToPcibackConf, parsePcibackConf, removeFromPcibackConf } from "../../provider/boot/pciback-conf";
import type { PciAddress } from "../../provider/pci/address";
import { addresses } from "../pci/arbitrary";

const NIC = "0000:08:00.0" as PciAddress;
const DOCUMENT = `#this file contains the list of pci(e) devices, the pciback drive sould bind to at system startup.
# please provide the devices in long BDF notation.
# example:
# 0000:08:00.0
# NO EMPTY LINES!
#
`;

/** What `while read line; do … bind $line` has in \$1 for a text, without the comments. */
function scriptReads(text: string): string[] {
  const read = text.split("\n").slice(0, -1);
  return read
    .map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.split(/[ \t]+/)[0] ?? "");
}

const line = fc.oneof(
  { weight: 3, arbitrary: addresses({ maxBus: 2, maxSegment: 0 }) },
  addresses({ maxBus: 2, maxSegment: 0 }).map((address) => `  ${address}\t# card`),
  addresses({ maxBus: 2, maxSegment: 0 }).map((address) => `${address}\r`),
  fc.constantFrom("", "#", "# 0000:08:00.0", "08:00.0", "0000:0A:00.0", "nonsense", "\r", " \xe9\xff"),
);
const conf = fc.tuple(fc.array(line), fc.boolean()).map(([lines, end]) => lines.join("\n") + (end ? "\n" : ""));

test("the documented file gets its first line, and is restored by the removal", () => {
  const added = addToPcibackConf(DOCUMENT, NIC);
  expect(added).toBe(`${DOCUMENT}0000:08:00.0\n`);
  expect(removeFromPcibackConf(added, NIC)).toBe(DOCUMENT);
});

test("a file that we created is deleted with its last line", () => {
  const both = addToPcibackConf(addToPcibackConf(undefined, NIC), "0000:08:00.1" as PciAddress);
  expect(both).toMatch(/^# .*\n0000:08:00\.0\n0000:08:00\.1\n$/);
  const left = removeFromPcibackConf(both, NIC) ?? "";
  expect(removeFromPcibackConf(left, "0000:08:00.1" as PciAddress)).toBeUndefined();
});

test("a last line without a newline, which the script skips, is still skipped after an edit", () => {
  expect(addToPcibackConf("0000:01:00.0", NIC)).toBe("0000:08:00.0\n0000:01:00.0");
});

test("for any file, the script reads what we read, adding adds one line, and removing restores every byte", () => {
  fc.assert(
    fc.property(conf, addresses({ maxBus: 2, maxSegment: 0 }), (text, address) => {
      expect(parsePcibackConf(text)).toEqual(
        scriptReads(text).filter((word) => /^0000:[0-9a-f]{2}:[0-9a-f]{2}\.\d$/.test(word)),
      );
      const added = addToPcibackConf(text, address);
      expect(parsePcibackConf(added)).toContain(address);
      if (parsePcibackConf(text).includes(address)) expect(added).toBe(text);
      else {
        expect(scriptReads(added)).toEqual([...scriptReads(text), address]);
        expect(removeFromPcibackConf(added, address)).toBe(text);
      }
    }),
  );
});
