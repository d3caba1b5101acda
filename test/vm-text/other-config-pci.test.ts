import fc from "fast-check";
import type { PciAddress } from "../../provider/pci/address";
import {
  addPciItem,
  hasPciItem,
  ignoredItems,
  readOtherConfigPci,
  removePciItem,
} from "../../provider/vm-text/other-config-pci";
import { devicesOf } from "../../simulator/xapi/xenopsd";
import { addresses } from "../pci/arbitrary";
import { otherConfigValues } from "./other-config-arbitrary";

// Run with OCaml 4.13 on xapi's own code (xen-api, ocaml/xapi/pciops.ml).
const SEEN: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["0/0000:04:00.0", ["0000:04:00.0"], []],
  ["0/0000:04:00.0,1/0000:05:00.0", ["0000:04:00.0", "0000:05:00.0"], []],
  ["0/0000:04:00.0, 0/0000:05:00.0", ["0000:04:00.0"], [" 0/0000:05:00.0"]],
  [" 0/0000:04:00.0", [], [" 0/0000:04:00.0"]],
  ["0/04:00.0", [], ["0/04:00.0"]],
  ["04:00.0", [], ["04:00.0"]],
  ["0x0/0000:04:00.0", [], ["0x0/0000:04:00.0"]],
  ["a/0000:04:00.0", [], ["a/0000:04:00.0"]],
  ["0/0000:04:00.0junk", ["0000:04:00.0"], []],
  ["0/0000:04:00.10", ["0000:04:00.1"], []],
  ["0/0000:AF:00.0", ["0000:af:00.0"], []],
  ["0/0000:04:00.0;1/0000:05:00.0", ["0000:04:00.0"], []],
  ["", [], []],
];
test.each(SEEN)("%j is read as xapi reads it", (value, devices, ignored) => {
  expect(readOtherConfigPci(value).flatMap((item) => item.address ?? [])).toEqual(devices);
  expect(ignoredItems(value)).toEqual(ignored);
});

test("the simulated xapi, written apart, takes any value for the same devices", () => {
  fc.assert(
    fc.property(otherConfigValues(), (value) => {
      const addresses = readOtherConfigPci(value).flatMap((item) => item.address ?? []);
      expect(new Set(addresses)).toEqual(new Set(devicesOf(value)));
    }),
  );
});

test("equal numbers reverse the order of their devices", () => {
  expect(devicesOf("0/0000:04:00.0,0/0000:05:00.0")).toEqual(["0000:05:00.0", "0000:04:00.0"]);
});

const ADDED: readonly (readonly [string, string])[] = [
  ["", "0/0000:04:00.0"],
  ["0/0000:05:00.0", "0/0000:05:00.0,1/0000:04:00.0"],
  ["7/0000:05:00.0,2/0000:06:00.0", "7/0000:05:00.0,2/0000:06:00.0,8/0000:04:00.0"],
  ["-3/0000:05:00.0", "-3/0000:05:00.0,0/0000:04:00.0"],
  ["rubbish", "rubbish,0/0000:04:00.0"],
  ["0/0000:05:00.0,", "0/0000:05:00.0,,1/0000:04:00.0"],
];
test.each(ADDED)("%j becomes %j", (before, after) => {
  expect(addPciItem(before, "0000:04:00.0" as PciAddress).value).toBe(after);
});

test("adding and removing restores every byte, xapi reads the value in between, and nothing is added twice", () => {
  fc.assert(
    fc.property(otherConfigValues(), addresses({ maxBus: 8 }), (before, address) => {
      const added = addPciItem(before, address);
      expect(devicesOf(added.value)).toContain(address);
      expect(added.value).toMatch(/^[^\n]*$/);
      if (added.item === undefined) expect(added.value).toBe(before);
      else {
        expect(devicesOf(added.value).at(-1)).toBe(address);
        expect(removePciItem(added.value, added.item)).toBe(before);
      }
      expect(addPciItem(added.value, address)).toEqual({ value: added.value, item: undefined });
    }),
  );
});

test("an item is found by its function after it was renumbered, and removing a missing one changes nothing", () => {
  expect(removePciItem("0/0000:05:00.0,0/0000:04:00.0", "1/0000:04:00.0")).toBe("0/0000:05:00.0");
  expect(removePciItem("0/0000:05:00.0", "1/0000:04:00.0")).toBe("0/0000:05:00.0");
  expect(hasPciItem("0/0000:05:00.0", "0000:04:00.0" as PciAddress)).toBe(false);
});
