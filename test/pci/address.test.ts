import fc from "fast-check";
import {
  formatPciTarget,
  functionOf,
  type PciAddress,
  parsePciAddress,
  parsePciSlot,
  parsePciTarget,
  slotOf,
  targets,
} from "../../provider/pci/address";
import { addresses } from "./arbitrary";

const VMD = "10000:e1:00.0";

describe("parsePciAddress", () => {
  test.each([
    ["0000:04:00.0", "0000:04:00.0"],
    ["04:00.0", "0000:04:00.0"],
    ["4:0.7", "0000:04:00.7"],
    ["0000:FF:1F.3", "0000:ff:1f.3"],
    [VMD, VMD],
  ])("reads %s as %s", (text, address) => {
    expect(parsePciAddress(text)).toBe(address);
  });

  test.each([
    "",
    "04:00",
    "04:00.8",
    "04:20.0",
    "104:00.0",
    "0000:04:00.0 ",
    "(04:00.0)",
    "04:00.*",
    "4.0",
    "000:04:00.0",
  ])("does not read %j", (text) => {
    expect(parsePciAddress(text)).toBeUndefined();
  });

  test("reads back every address", () => {
    fc.assert(fc.property(addresses(), (address) => parsePciAddress(address) === address));
  });

  test("never throws, and yields only the long form", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parsePciAddress(text) ?? "0000:00:00.0").toMatch(/^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/);
      }),
    );
  });
});

describe("a target", () => {
  const audio = parsePciAddress("0000:01:00.1") as PciAddress;

  test("is one function or all functions of a slot", () => {
    expect(parsePciTarget("01:00.1")).toEqual({ kind: "function", address: "0000:01:00.1" });
    expect(parsePciTarget("01:00")).toEqual({ kind: "slot", slot: "0000:01:00" });
    expect(parsePciTarget("01")).toBeUndefined();
    expect(parsePciSlot("01:00.1")).toBeUndefined();
  });

  test.each([
    ["01:00.1", true],
    ["01:00.0", false],
    ["01:00", true],
    ["01:01", false],
  ])("%s targets 0000:01:00.1: %s", (text, expected) => {
    const target = parsePciTarget(text);
    expect(target && targets(target, audio)).toBe(expected);
  });

  test("is printed as it was read", () => {
    fc.assert(
      fc.property(addresses(), (address) => {
        for (const text of [address, slotOf(address)]) {
          const target = parsePciTarget(text);
          expect(target && formatPciTarget(target)).toBe(text);
        }
      }),
    );
  });

  test("consists of its slot and its function", () => {
    fc.assert(fc.property(addresses(), (address) => `${slotOf(address)}.${functionOf(address)}` === address));
  });
});
