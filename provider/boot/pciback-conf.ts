/**
 * /etc/xen/pciback.conf: one long address a line, `#` comments, and no empty line. There is no standard for it; the
 * grammar is that of the init script with which it is passed on, `while read line; do … unbind $line; bind $line`:
 * - what stands behind the first word of a line counts for nothing, and neither do blanks before it;
 * - a last line without a newline is not read at all (POSIX.1-2024, read: it fails there), and neither is a short or
 *   capital form, since sysfs has no such name. A line that ends in CR LF ends in a CR for that script, and sysfs has
 *   no such name either.
 */
import type { PciAddress } from "../pci/address";

/** The comment of a file that we made ourselves. */
const HEADER = "# PCI devices that pciback takes at boot, one long address a line. No empty lines.\n";

const LONG_ADDRESS = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

/** The functions that the boot script hides, in the order of the lines. */
export function parsePcibackConf(text: string): readonly PciAddress[] {
  return lines(text).flatMap((line) => entryOf(line) ?? []);
}

/** The text with the function in it; the same when it is there. Undefined text is no file. */
export function addToPcibackConf(text: string | undefined, address: PciAddress): string {
  const before = text ?? HEADER;
  if (parsePcibackConf(before).includes(address)) return before;
  // In front of a last line without a newline: that one is not read now, and must not be because of us.
  const end = before.lastIndexOf("\n") + 1;
  return `${before.slice(0, end)}${address}\n${before.slice(end)}`;
}

/** The text without the line that addToPcibackConf wrote; undefined when nothing is left of a file of ours. */
export function removeFromPcibackConf(text: string, address: PciAddress): string | undefined {
  const line = `${address}\n`;
  const start = `\n${text}`.lastIndexOf(`\n${line}`);
  const without = start < 0 ? text : text.slice(0, start) + text.slice(start + line.length);
  return without === HEADER ? undefined : without;
}

function entryOf(line: string): PciAddress | undefined {
  const [word = ""] = line.replace(/^[ \t]+/, "").split(/[ \t]/);
  return LONG_ADDRESS.test(word) ? (word as PciAddress) : undefined;
}

/** Lines that a newline ends. */
function lines(text: string): readonly string[] {
  return text.split("\n").slice(0, -1);
}
