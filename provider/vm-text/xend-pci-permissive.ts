/**
 * /etc/xen/xend-pci-permissive.sxp: the devices, by their ids, whose configuration space guests of xend may write all of. xend reads it
 * when a VM gets a device (xen, tools/python/xen/xend/server/pciquirk.py, 4.1): the first list in `(unconstrained_dev_ids (…))` counts.
 */
import { parseSxp, type Sxp, type SxpList, sxpChildren } from "./sxp";
import { type DeviceIds, type IdsAddition, type IdsEdit, idsEntry, listMeans, listOf, UNREADABLE } from "./xend-ids";

const NODE = "unconstrained_dev_ids";

/** Whether an entry of the file makes this device permissive; false where xend cannot read the file (no VM gets a device then). */
export function isPermissive(text: string, device: DeviceIds): boolean {
  const items = parseSxp(text);
  const list = items && firstList(items);
  return list !== undefined && listMeans(list, device);
}

/** The file with an entry more. Undefined text is no file. */
export function addPermissive(text: string | undefined, device: DeviceIds): IdsEdit {
  const entry = `'${idsEntry(device)}'`;
  if (text === undefined) return { kind: "edited", text: `(${NODE} (${entry}))\n`, addition: "file" };
  const items = parseSxp(text);
  if (!items) return { kind: "error", reason: UNREADABLE };
  const [node] = sxpChildren(items, NODE);
  if (!node) {
    const newline = text === "" || text.endsWith("\n") ? "" : "\n";
    const addition = newline === "" ? "node" : "line";
    return { kind: "edited", text: `${text}${newline}(${NODE} (${entry}))\n`, addition };
  }
  const list = firstList(items);
  if (!list) {
    const [name, odd] = node.items;
    if (odd || !name) return { kind: "error", reason: `what \`${NODE}' holds is no list of ids` };
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
 * Takes an entry of ours out again; undefined when nothing is left of a file of ours. `addition` is the most that any claim in this file
 * says of what is ours. An entry that is not there stays gone.
 */
export function removePermissive(text: string, device: DeviceIds, addition: IdsAddition): string | undefined {
  const items = parseSxp(text);
  const [node] = items ? sxpChildren(items, NODE) : [];
  const list = items && firstList(items);
  const entry = list?.items.filter((item) => item.kind === "atom" && item.text === idsEntry(device)).at(-1);
  if (!node || !list || !entry) return text;
  const behindBlank = (start: number) => (text[start - 1] === " " ? start - 1 : start);
  if (addition === "entry" || text.slice(list.start + 1, list.end - 1) !== text.slice(entry.start, entry.end)) {
    if (list.items[0] !== entry) return cut(text, behindBlank(entry.start), entry.end);
    return cut(text, entry.start, entry.end + (list.items.length > 1 && text[entry.end] === " " ? 1 : 0));
  }
  const nodeIsBare =
    node.items.length === 2 && text.slice(node.start, list.start) === `(${NODE} ` && node.end === list.end + 1;
  if (addition === "list" || !nodeIsBare) return cut(text, behindBlank(list.start), list.end);
  const without = cut(text, node.start, node.end + (text[node.end] === "\n" ? 1 : 0));
  if (addition === "file" && without === "") return undefined;
  return addition === "line" && node.start === without.length ? without.slice(0, -1) : without;
}

function firstList(items: readonly Sxp[]): SxpList | undefined {
  return listOf(sxpChildren(items, NODE)[0]);
}

function insert(text: string, at: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at);
}

function cut(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(end);
}
