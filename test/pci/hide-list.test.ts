import fc from "fast-check";
import { PassthroughError } from "../../provider/errors";
import type { PciAddress } from "../../provider/pci/address";
import { addToHideList, hides, parseHideList, removeFromHideList } from "../../provider/pci/hide-list";
import { addresses } from "./arbitrary";
import { kernelHides } from "./kernel-hide-list";

const NIC = "0000:04:00.0" as PciAddress;

/** Pieces of lists, good and bad, that meet each other in every order. */
const pieces = fc.oneof(
  { weight: 4, arbitrary: addresses().map((address) => `(${address})`) },
  { weight: 2, arbitrary: addresses({ maxBus: 8 }).map((address) => `(${address.slice(5)})`) },
  fc.constantFrom("(04:00.*)", "(0000:04:00.*)", "(04:*.*)", "(0000:04:*.*)", "(4:0.0)", "(0x4:0X0.0)", "( 04: 00. 0)"),
  fc.constantFrom("(ffffffff:4:0.0)", "(4:ffffffff.0)", "(4:0.ffffffff)", "(100000000:4:0.0)", "(0x:4:0x.0)"),
  fc.constantFrom(
    " ",
    "\t",
    "\xa0",
    ",",
    "(",
    ")",
    "(04:00.0",
    "04:00.0",
    "(04:00 .0)",
    "(04:00.8)",
    "(04:20.0)",
    "(04::0.0)",
  ),
);
const lists = fc.array(pieces, { maxLength: 4 }).map((some) => some.join(""));

describe("parseHideList", () => {
  test.each([
    ["", []],
    ["(0000:04:00.0)(05:00.1)", ["(0000:04:00.0)", "(05:00.1)"]],
    [" (04:00.0)\t( 05:00.*) ", ["(04:00.0)", "( 05:00.*)"]],
    ["(0000:04:*.*)", ["(0000:04:*.*)"]],
  ])("finds the entries of %j", (text, entries) => {
    expect(parseHideList(text)?.map((entry) => entry.text)).toEqual(entries);
  });

  // The third is from a report of a host whose toolstack did not start any more: xcp-ng/xcp#279.
  test.each([
    " ",
    "04:00.0",
    "(0b:00.0)(0b::00.1)",
    "(04:00.0),(05:00.0)",
    "(04:00.8)",
    "(10000:04:00.0)",
    "(04:00.0)x",
  ])("rejects %j, as the kernel does", (text) => {
    expect(kernelHides(text)).toBeUndefined();
    expect(parseHideList(text)).toBeUndefined();
  });

  test("accepts what the kernel accepts, and hides what the kernel hides", () => {
    fc.assert(
      fc.property(lists, addresses({ maxSegment: 1, maxBus: 8 }), (text, address) => {
        const hidden = kernelHides(text);
        const list = parseHideList(text);
        expect(list === undefined).toBe(hidden === undefined);
        expect(list?.some((entry) => hides(entry, address))).toBe(hidden?.has(plain(address)));
      }),
      { numRuns: 2000 },
    );
  });

  test("reads any text without throwing", () => {
    fc.assert(
      fc.property(fc.string(), (text) => (parseHideList(text) === undefined) === (kernelHides(text) === undefined)),
    );
  });
});

test.each([
  ["(0000:04:00.0)", true],
  ["(04:00.0)", true],
  ["(04:00.*)", true],
  ["(04:*.*)", true],
  ["(0001:04:00.0)", false],
  ["(04:00.1)", false],
  ["(04:01.*)", false],
  ["(05:*.*)", false],
])("%s hides 0000:04:00.0: %s", (text, expected) => {
  expect(parseHideList(text)?.some((entry) => hides(entry, NIC))).toBe(expected);
});

describe("addToHideList", () => {
  test.each([
    ["", "(0000:04:00.0)"],
    ["(05:00.0)", "(05:00.0)(0000:04:00.0)"],
    ["(04:*.*) ", "(04:*.*) (0000:04:00.0)"],
    ["(04:00.0)", "(04:00.0)"],
  ])("turns %j into %j", (before, after) => {
    expect(addToHideList(before, NIC)).toBe(after);
  });

  test("refuses a list that the kernel rejects, and an address that a list cannot hold", () => {
    expect(() => addToHideList("(04:00.8)", NIC)).toThrow(PassthroughError);
    expect(() => addToHideList("", "10000:e1:00.0" as PciAddress)).toThrow("unable to hide 10000:e1:00.0");
  });
});

describe("removeFromHideList", () => {
  test.each([
    ["(0000:04:00.0)", "", []],
    [" (04:00.0) ", "", []],
    ["(04:00.0)(05:00.0)(0000:04:00.0)", "(05:00.0)", []],
    ["(04:00.*)(04:00.0)", "(04:00.*)", ["(04:00.*)"]],
    ["(04:*.*)", "(04:*.*)", ["(04:*.*)"]],
    ["(05:00.0)", "(05:00.0)", []],
  ])("turns %j into %j", (before, text, still) => {
    const without = removeFromHideList(before, NIC);
    expect(without.text).toBe(text);
    expect(hiding(without.text, NIC)).toEqual(still);
  });

  test("restores the list as it was before the function was added, and the kernel accepts each step", () => {
    fc.assert(
      fc.property(lists, addresses(), (before, address) => {
        const list = parseHideList(before);
        fc.pre(list !== undefined && !list.some((entry) => hides(entry, address) && entry.function !== undefined));
        const added = addToHideList(before, address);
        expect(kernelHides(added)?.has(plain(address))).toBe(true);
        expect(removeFromHideList(added, address).text).toBe(before);
      }),
    );
  });

  test("leaves a list that the kernel accepts", () => {
    fc.assert(
      fc.property(lists, fc.nat(), (before, index) => {
        const list = parseHideList(before);
        fc.pre(list !== undefined && list.length > 0);
        const entry = list[index % list.length];
        fc.pre(entry?.slot !== undefined && entry.function !== undefined);
        const address = addressOf([entry.segment, entry.bus, entry.slot, entry.function]);
        const { text } = removeFromHideList(before, address);
        expect(kernelHides(text)?.has(plain(address))).toBe(hiding(text, address).length > 0);
      }),
    );
  });
});

/** The entries that hide the function all the same. */
function hiding(list: string, address: PciAddress): readonly string[] {
  return (parseHideList(list) ?? []).filter((entry) => hides(entry, address)).map((entry) => entry.text);
}

function plain(address: PciAddress): string {
  const [domain, bus, slot, func] = address.split(/[:.]/).map((digits) => Number.parseInt(digits, 16));
  return `${domain}:${bus}:${slot}.${func}`;
}

function addressOf([domain = 0, bus = 0, slot = 0, func = 0]: readonly number[]): PciAddress {
  const hex = (number: number, width: number) => number.toString(16).padStart(width, "0");
  return `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${func}` as PciAddress;
}
