/**
 * /etc/xen/xend-pci-quirks.sxp: fields of a device's configuration space that guests of xend may write besides the usual ones. xend
 * reads it when a VM gets a device (xen, tools/python/xen/xend/server/pciquirk.py, 4.1), and the first node whose `pci_ids` mean the
 * device counts: `(name (pci_ids ('8086:10d3')) (pci_config_space_fields ('000000e0:2:00000000')))`.
 */
import { parseSxp, sxpChildren } from "./sxp";
import { type DeviceIds, type IdsAddition, type IdsEdit, idsEntry, listMeans, listOf, UNREADABLE } from "./xend-ids";

/**
 * `register:size:mask` as pciback reads it ("%08x:%1x:%08x", drivers/xen/xen-pciback/pci_stub.c, Linux 6.1): the register of a
 * configuration space of 4096 bytes, 1, 2 or 4 bytes, and a mask that nothing uses. Undefined when it is none.
 */
export function parseConfigSpaceField(text: string): string | undefined {
  const match = /^0{0,5}([0-9a-f]{1,3}):([124]):([0-9a-f]{1,8})$/i.exec(text);
  if (!match) return undefined;
  const [, register = "", size = "", mask = ""] = match;
  return `${register.padStart(8, "0")}:${size}:${mask.padStart(8, "0")}`.toLowerCase();
}

/** The fields that the file has for a device; undefined when no node means it, or xend cannot read the file (no VM gets a device then). */
export function quirksOf(text: string, device: DeviceIds): readonly string[] | undefined {
  const nodes = (parseSxp(text) ?? []).flatMap((item) => (item.kind === "list" ? [item] : []));
  const node = nodes.find(({ items }) => {
    const ids = listOf(sxpChildren(items, "pci_ids")[0]);
    return ids !== undefined && listMeans(ids, device);
  });
  const fields = node && (listOf(sxpChildren(node.items, "pci_config_space_fields")[0])?.items ?? []);
  return fields?.flatMap((item) => (item.kind === "atom" ? [parseConfigSpaceField(item.text) ?? item.text] : []));
}

/** The file with a line more, for a device that no node of it means. Undefined text is no file. */
export function addQuirks(text: string | undefined, device: DeviceIds, fields: readonly string[]): IdsEdit {
  const line = `${nodeOf(device, fields)}\n`;
  if (text === undefined) return { kind: "edited", text: line, addition: "file" };
  if (!parseSxp(text)) return { kind: "error", reason: UNREADABLE };
  if (text === "" || text.endsWith("\n")) return { kind: "edited", text: text + line, addition: "node" };
  return { kind: "edited", text: `${text}\n${line}`, addition: "line" };
}

/**
 * Takes our line out again; undefined when nothing is left of a file of ours. `addition` is the most that any claim in this file says of
 * what is ours. A line that somebody changed stays.
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
  const without = text.slice(0, start) + text.slice(start + line.length);
  if (addition === "file" && without === "") return undefined;
  // The newline before our lines goes with the first of them, which is the last to stand there alone.
  const isLastOfOurs = start === without.length && !/(?:^|\n)\(quirks_[^\n]*\n$/.test(without);
  return addition === "line" && isLastOfOurs ? without.slice(0, -1) : without;
}

function nodeOf(device: DeviceIds, fields: readonly string[]): string {
  const entry = idsEntry(device);
  const name = `quirks_${entry.replaceAll(":", "_")}`;
  return `(${name} (pci_ids ('${entry}')) (pci_config_space_fields (${fields.map((one) => `'${one}'`).join(" ")})))`;
}
