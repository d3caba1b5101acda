/**
 * The value of `other-config:pci` of a VM of XAPI: `0/0000:04:00.0,1/0000:05:00.0`.
 * The grammar is that of xapi itself (xen-api, ocaml/xapi/pciops.ml, 1.60 to 26.1: Scanf "%d/%04x:%02x:%02x.%01x" on what
 * stands between commas). What it cannot read it leaves out without a word, and the VM starts without that device.
 */
import { type PciAddress, parsePciAddress } from "../pci/address";

/** One piece between commas. */
export interface OtherConfigItem {
  /** As it stands in the value. */
  readonly text: string;
  /** The number before the slash: devices are plugged in this order. Undefined when xapi leaves the item out. */
  readonly order: number | undefined;
  /** What xapi takes the item for; undefined when it leaves the item out, or when no device can have that address. */
  readonly address: PciAddress | undefined;
}

// OCaml's Scanf counts the digits of a number, lets "_" stand between them, skips no space, and ignores what follows the last one.
const ITEM = /^([+-]?\d[\d_]*)\/([\da-f][\da-f_]{0,3}):([\da-f][\da-f_]?):([\da-f][\da-f_]?)\.([\da-f])/i;

/** Reads a value, in the order of the text. An empty one has no items. */
export function readOtherConfigPci(value: string): readonly OtherConfigItem[] {
  return value === "" ? [] : value.split(",").map(readItem);
}

/** Whether the VM gets the function when it starts. */
export function hasPciItem(value: string, address: PciAddress): boolean {
  return readOtherConfigPci(value).some((item) => item.address === address);
}

/** The pieces that xapi leaves out, as they stand in the value. */
export function ignoredItems(value: string): readonly string[] {
  return readOtherConfigPci(value)
    .filter((item) => item.address === undefined)
    .map((item) => item.text);
}

/**
 * The value with the function behind all others, and the item that was added. The number is the one after the highest: equal
 * numbers turn the order of their devices around. The same value, and no item, when the VM gets the function already.
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
 * The value without an item that was added, and without the comma that came with it. Xen Orchestra writes all numbers anew
 * (xo-server, api/vm.mjs), so where the item does not stand any more, the first one of the same function goes.
 */
export function removePciItem(value: string, item: string): string {
  const pieces = value === "" ? [] : value.split(",");
  const address = readItem(item).address;
  const same = pieces.lastIndexOf(item);
  const at =
    same >= 0 ? same : pieces.findIndex((piece) => address !== undefined && readItem(piece).address === address);
  return at < 0 ? value : pieces.filter((_, index) => index !== at).join(",");
}

function readItem(text: string): OtherConfigItem {
  const [, order = "", ...numbers] = ITEM.exec(text) ?? [];
  if (order === "") return { text, order: undefined, address: undefined };
  const [domain = "", bus = "", slot = "", func = ""] = numbers.map((digits) => digits.replaceAll("_", ""));
  return {
    text,
    order: Number(order.replaceAll("_", "")),
    address: parsePciAddress(`${domain.padStart(4, "0")}:${bus}:${slot}.${func}`),
  };
}
