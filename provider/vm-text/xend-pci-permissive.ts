/**
 * /etc/xen/xend-pci-permissive.sxp: the ids of devices whose whole configuration space xend lets guests write. xend
 * reads it whenever a VM gets a device (xen, tools/python/xen/xend/server/pciquirk.py, 4.1), and uses the first list in
 * `(unconstrained_dev_ids (…))`.
 */
import { parseSxp, type Sxp, type SxpList, sxpChildren } from "./sxp";
import {
  type DeviceIds,
  type IdsAddition,
  type IdsEdit,
  idsEntry,
  listMatches,
  UNREADABLE_SXP,
  valueList,
} from "./xend-ids";

const NODE = "unconstrained_dev_ids";

/** Whether the file makes this device permissive; false when xend cannot read the file (then no VM gets a device). */
export function isPermissive(text: string, device: DeviceIds): boolean {
  const items = parseSxp(text);
  const list = items && firstList(items);
  return list !== undefined && listMatches(list, device);
}

/** Adds an entry for the device; an undefined text means that there is no file. */
export function addPermissive(text: string | undefined, device: DeviceIds): IdsEdit {
  const entry = `'${idsEntry(device)}'`;
  if (text === undefined) return { kind: "edited", text: `(${NODE} (${entry}))\n`, addition: "file" };
  const items = parseSxp(text);
  if (!items) return { kind: "error", reason: UNREADABLE_SXP };
  const [node] = sxpChildren(items, NODE);
  if (!node) {
    const newline = text === "" || text.endsWith("\n") ? "" : "\n";
    const addition = newline === "" ? "node" : "line";
    return { kind: "edited", text: `${text}${newline}(${NODE} (${entry}))\n`, addition };
  }
  const list = firstList(items);
  if (!list) {
    const [name, value] = node.items;
    if (value || !name) return { kind: "error", reason: `the value of \`${NODE}' is not a list of ids` };
    return { kind: "edited", text: insert(text, name.end, ` (${entry})`), addition: "list" };
  }
  const last = list.items.at(-1);
  return {
    kind: "edited",
    text: insert(text, last?.end ?? list.start + 1, last ? ` ${entry}` : entry),
    addition: "entry",
  };
}

/**
 * Removes the entry that addPermissive wrote; undefined when the whole file was ours and is to be deleted. `addition`
 * is the largest addition that any claim on this file records. Unchanged when the entry is gone already.
 */
export function removePermissive(text: string, device: DeviceIds, addition: IdsAddition): string | undefined {
  const items = parseSxp(text);
  const [node] = items ? sxpChildren(items, NODE) : [];
  const list = items && firstList(items);
  const entry = list?.items.filter((item) => item.kind === "atom" && item.text === idsEntry(device)).at(-1);
  if (!node || !list || !entry) return text;
  const fromBlank = (start: number) => (text[start - 1] === " " ? start - 1 : start);
  if (addition === "entry" || text.slice(list.start + 1, list.end - 1) !== text.slice(entry.start, entry.end)) {
    if (list.items[0] !== entry) return cut(text, fromBlank(entry.start), entry.end);
    return cut(text, entry.start, entry.end + (list.items.length > 1 && text[entry.end] === " " ? 1 : 0));
  }
  const nodeIsBare =
    node.items.length === 2 && text.slice(node.start, list.start) === `(${NODE} ` && node.end === list.end + 1;
  if (addition === "list" || !nodeIsBare) return cut(text, fromBlank(list.start), list.end);
  const rest = cut(text, node.start, node.end + (text[node.end] === "\n" ? 1 : 0));
  if (addition === "file" && rest === "") return undefined;
  return addition === "line" && node.start === rest.length ? rest.slice(0, -1) : rest;
}

function firstList(items: readonly Sxp[]): SxpList | undefined {
  return valueList(sxpChildren(items, NODE)[0]);
}

function insert(text: string, offset: number, added: string): string {
  return text.slice(0, offset) + added + text.slice(offset);
}

function cut(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(end);
}
