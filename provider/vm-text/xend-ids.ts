/** The device ids by which xend's own files name devices (xen, tools/python/xen/xend/server/pciquirk.py, 4.1). */
import type { Sxp, SxpList } from "./sxp";

/** The ids of a device as in sysfs, in lower case. */
export interface DeviceIds {
  /** `vendor:device`, as `8086:10d3`. */
  readonly id: string;
  /** `subvendor:subdevice`, as `15d9:060a`. */
  readonly subsystem: string;
}

/**
 * How much we had to add for an entry: the entry alone, its list, the node around that, also a newline before it, or
 * the whole file. Claims hold it as JSON.
 */
export type IdsAddition = "entry" | "list" | "node" | "line" | "file";

/** The new text of the file and what was added to it, or why the file cannot be edited. */
export type IdsEdit =
  | { readonly kind: "edited"; readonly text: string; readonly addition: IdsAddition }
  | { readonly kind: "error"; readonly reason: string };

/** The reason for not editing a file that parseSxp does not read. */
export const UNREADABLE_SXP = "it has an unclosed quote or unbalanced parentheses, so xend cannot read it either";

/** The entry that is written for a device: `vendor:device:subvendor:subdevice`. */
export function idsEntry({ id, subsystem }: DeviceIds): string {
  return `${id}:${subsystem}`;
}

/** Whether xend cannot tell the two devices apart. */
export function haveSameIds(a: DeviceIds, b: DeviceIds): boolean {
  return idsEntry(a) === idsEntry(b);
}

/**
 * Whether a list of entries matches this device. An entry is `vendor:device` or all four ids, in lower case except that
 * FFFF matches any subvendor or subdevice. An entry of any other length ends the search without a match
 * (PCIQuirk.__matchPCIdev).
 */
export function listMatches(list: SxpList, device: DeviceIds): boolean {
  const entries = list.items.flatMap((item) => (item.kind === "atom" ? [item.text] : []));
  const decisive = entries.find((entry) => entry.startsWith(device.id) && compare(entry, device) !== "other");
  return decisive !== undefined && compare(decisive, device) === "match";
}

/** The list that xend takes as the value of a node: the item after the name, if that is a list. */
export function valueList(node: SxpList | undefined): SxpList | undefined {
  const first: Sxp | undefined = node?.items[1];
  return first?.kind === "list" ? first : undefined;
}

function compare(entry: string, { subsystem }: DeviceIds): "match" | "other" | "malformed" {
  const [, , subvendor, subdevice, more] = entry.split(":");
  if (subvendor === undefined) return "match";
  if (subdevice === undefined || more !== undefined) return "malformed";
  const [vendor, device] = subsystem.split(":");
  const fits = (part: string, wanted: string | undefined) => part.toLowerCase() === "ffff" || part === wanted;
  return fits(subvendor, vendor) && fits(subdevice, device) ? "match" : "other";
}
