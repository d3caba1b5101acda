/**
 * /etc/xen/xend-pci-quirks.sxp: further fields of a device's configuration space that xend lets guests write. xend
 * reads it whenever a VM gets a device (xen, tools/python/xen/xend/server/pciquirk.py, 4.1), and uses the first node
 * whose `pci_ids` match the device: `(name (pci_ids ('8086:10d3')) (pci_config_space_fields ('000000e0:2:00000000')))`.
 */
import { parseSxp, sxpChildren } from "./sxp";
import {
  type DeviceIds,
  type IdsAddition,
  type IdsEdit,
  idsEntry,
  listMatches,
  UNREADABLE_SXP,
  valueList,
} from "./xend-ids";

/**
 * Reads a field `register:size:mask` as pciback does ("%08x:%1x:%08x", drivers/xen/xen-pciback/pci_stub.c, Linux 6.1)
 * and returns it in that long form, all hexadecimal: the register (an offset below 0x1000), 1, 2 or 4 bytes, and a
 * mask, which pciback does not use. Undefined when the text is not a field.
 */
export function parseConfigSpaceField(text: string): string | undefined {
  const match = /^0{0,5}([0-9a-f]{1,3}):([124]):([0-9a-f]{1,8})$/i.exec(text);
  if (!match) return undefined;
  const [, register = "", size = "", mask = ""] = match;
  return `${register.padStart(8, "0")}:${size}:${mask.padStart(8, "0")}`.toLowerCase();
}

/**
 * The fields that the file gives a device; undefined when no node matches it, or when xend cannot read the file (then
 * no VM gets a device).
 */
export function quirksOf(text: string, device: DeviceIds): readonly string[] | undefined {
  const nodes = (parseSxp(text) ?? []).flatMap((item) => (item.kind === "list" ? [item] : []));
  const node = nodes.find(({ items }) => {
    const ids = valueList(sxpChildren(items, "pci_ids")[0]);
    return ids !== undefined && listMatches(ids, device);
  });
  const fields = node && (valueList(sxpChildren(node.items, "pci_config_space_fields")[0])?.items ?? []);
  return fields?.flatMap((item) => (item.kind === "atom" ? [parseConfigSpaceField(item.text) ?? item.text] : []));
}

/** Adds a line for a device that no node of the file matches; an undefined text means that there is no file. */
export function addQuirks(text: string | undefined, device: DeviceIds, fields: readonly string[]): IdsEdit {
  const line = `${nodeOf(device, fields)}\n`;
  if (text === undefined) return { kind: "edited", text: line, addition: "file" };
  if (!parseSxp(text)) return { kind: "error", reason: UNREADABLE_SXP };
  if (text === "" || text.endsWith("\n")) return { kind: "edited", text: text + line, addition: "node" };
  return { kind: "edited", text: `${text}\n${line}`, addition: "line" };
}

/**
 * Removes the line that addQuirks wrote; undefined when the whole file was ours and is to be deleted. `addition` is the
 * largest addition that any claim on this file records. A line that somebody changed stays.
 */
export function removeQuirks(
  text: string,
  device: DeviceIds,
  fields: readonly string[],
  addition: IdsAddition,
): string | undefined {
  const line = `${nodeOf(device, fields)}\n`;
  const start = text.startsWith(line) ? 0 : text.indexOf(`\n${line}`) + 1;
  if (start === 0 && !text.startsWith(line)) return text;
  const rest = text.slice(0, start) + text.slice(start + line.length);
  if (addition === "file" && rest === "") return undefined;
  // The newline that was added before our lines goes when no other line of ours is left at the end of the file.
  const wasOnlyOwnLine = start === rest.length && !/(?:^|\n)\(quirks_[^\n]*\n$/.test(rest);
  return addition === "line" && wasOnlyOwnLine ? rest.slice(0, -1) : rest;
}

function nodeOf(device: DeviceIds, fields: readonly string[]): string {
  const entry = idsEntry(device);
  const name = `quirks_${entry.replaceAll(":", "_")}`;
  return `(${name} (pci_ids ('${entry}')) (pci_config_space_fields (${fields.map((field) => `'${field}'`).join(" ")})))`;
}
