/**
 * The value of a XAPI VM's `other-config:pci`: `0/0000:04:00.0,1/0000:05:00.0`. The grammar is xapi's own (xen-api,
 * ocaml/xapi/pciops.ml, 1.60 to 26.1: Scanf "%d/%04x:%02x:%02x.%01x" on each item between commas). xapi silently skips
 * what it cannot read, and the VM starts without that device.
 */
import { type PciAddress, parsePciAddress } from "../pci/address";

/** An item between commas. */
export interface OtherConfigItem {
  /** The item's own spelling. */
  readonly text: string;
  /** The number before the slash: devices are plugged in this order. Undefined when xapi skips the item. */
  readonly order: number | undefined;
  /** The address that xapi reads; undefined when it skips the item, or when no device can have that address. */
  readonly address: PciAddress | undefined;
}

// OCaml's Scanf limits the number of digits, allows "_" between them, skips no space, and ignores what follows the last
// digit.
const ITEM = /^([+-]?\d[\d_]*)\/([\da-f][\da-f_]{0,3}):([\da-f][\da-f_]?):([\da-f][\da-f_]?)\.([\da-f])/i;

/** Reads a value, in the order of the text. An empty value has no items. */
export function readOtherConfigPci(value: string): readonly OtherConfigItem[] {
  return value === "" ? [] : value.split(",").map(readItem);
}

/** Whether the VM gets the function when it starts. */
export function hasPciItem(value: string, address: PciAddress): boolean {
  return readOtherConfigPci(value).some((item) => item.address === address);
}

/** The items that xapi skips, in their own spelling. */
export function ignoredItems(value: string): readonly string[] {
  return readOtherConfigPci(value)
    .filter((item) => item.address === undefined)
    .map((item) => item.text);
}

/**
 * Appends the function, and returns the new value with the item that was added. The item gets the number after the
 * highest: xapi reverses the order of devices with equal numbers. The value is unchanged, and the item undefined, when
 * the VM has the function already.
 */
export function addPciItem(
  value: string,
  address: PciAddress,
): { readonly value: string; readonly item: string | undefined } {
  if (hasPciItem(value, address)) return { value, item: undefined };
  const orders = readOtherConfigPci(value).flatMap((item) => item.order ?? []);
  const item = `${Math.max(-1, ...orders) + 1}/${address}`;
  return { value: value === "" ? item : `${value},${item}`, item };
}

/**
 * Removes an item that addPciItem added, and its comma. Xen Orchestra renumbers the items (xo-server, api/vm.mjs), so
 * when the item itself is gone, the first item for the same function is removed. Unchanged when there is none.
 */
export function removePciItem(value: string, item: string): string {
  const pieces = value === "" ? [] : value.split(",");
  const address = readItem(item).address;
  const exact = pieces.lastIndexOf(item);
  const removed =
    exact >= 0 ? exact : pieces.findIndex((piece) => address !== undefined && readItem(piece).address === address);
  return removed < 0 ? value : pieces.filter((_, index) => index !== removed).join(",");
}

function readItem(text: string): OtherConfigItem {
  const [, order = "", ...numbers] = ITEM.exec(text) ?? [];
  if (order === "") return { text, order: undefined, address: undefined };
  const [segment = "", bus = "", slot = "", func = ""] = numbers.map((digits) => digits.replaceAll("_", ""));
  return {
    text,
    order: Number(order.replaceAll("_", "")),
    address: parsePciAddress(`${segment.padStart(4, "0")}:${bus}:${slot}.${func}`),
  };
}
