/** Devices as xend knows them in its own files: by their ids (xen, tools/python/xen/xend/server/pciquirk.py, 4.1). */
import type { Sxp, SxpList } from "./sxp";

/** What a device is, as sysfs says it. */
export interface DeviceIds {
  /** `8086:10d3` */
  readonly id: string;
  /** `15d9:060a` */
  readonly subsystem: string;
}

/** What of a file is ours besides an entry: its list, the node around that, the newline before that, or all of it. Plain JSON. */
export type IdsAddition = "entry" | "list" | "node" | "line" | "file";

export type IdsEdit =
  | { readonly kind: "edited"; readonly text: string; readonly addition: IdsAddition }
  | { readonly kind: "error"; readonly reason: string };

export const UNREADABLE = "a quote or a parenthesis does not end, and xend cannot read it either";

/** The entry that we write for a device: `vendor:device:subvendor:subdevice`. */
export function idsEntry({ id, subsystem }: DeviceIds): string {
  return `${id}:${subsystem}`;
}

export function haveSameIds(a: DeviceIds, b: DeviceIds): boolean {
  return idsEntry(a) === idsEntry(b);
}

/**
 * Whether a list of entries means this device: `vendor:device`, or all four in small letters but for a subsystem FFFF, which is any.
 * An entry of another length ends the search without a match (PCIQuirk.__matchPCIdev).
 */
export function listMeans(list: SxpList, device: DeviceIds): boolean {
  const entries = list.items.flatMap((item) => (item.kind === "atom" ? [item.text] : []));
  const decisive = entries.find((entry) => entry.startsWith(device.id) && matches(entry, device) !== "another");
  return decisive !== undefined && matches(decisive, device) === "this";
}

/** What xend takes for the value of a node: the first thing behind the name, when that is a list. */
export function listOf(node: SxpList | undefined): SxpList | undefined {
  const first: Sxp | undefined = node?.items[1];
  return first?.kind === "list" ? first : undefined;
}

function matches(entry: string, { subsystem }: DeviceIds): "this" | "another" | "malformed" {
  const [, , subvendor, subdevice, more] = entry.split(":");
  if (subvendor === undefined) return "this";
  if (subdevice === undefined || more !== undefined) return "malformed";
  const [vendor, device] = subsystem.split(":");
  const fits = (part: string, wanted: string | undefined) => part.toLowerCase() === "ffff" || part === wanted;
  return fits(subvendor, vendor) && fits(subdevice, device) ? "this" : "another";
}
