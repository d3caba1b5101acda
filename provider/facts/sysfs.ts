import { type PciAddress, parsePciAddress } from "../pci/address";

/** Reads the symbolic links among `ls -ld` lines: path -> target. Ignores other lines. */
export function readLinks(text: string): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = / (\/\S+) -> (\S+)$/.exec(line);
    if (match?.[1] && match[2]) links.set(match[1], match[2]);
  }
  return links;
}

/** Reads `grep -H ''` lines: path -> text of the file, its lines joined by newlines. Ignores other lines. */
export function readValues(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    // sysfs paths hold PCI addresses, and these hold colons: the path ends at the first colon after the last slash.
    const match = /^(\/(?:[^/]*\/)*[^/:]+):(.*)$/.exec(line);
    if (!match?.[1]) continue;
    const before = values.get(match[1]);
    values.set(match[1], before === undefined ? (match[2] ?? "") : `${before}\n${match[2]}`);
  }
  return values;
}

/** The name at the end of a path. */
export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * The PCI functions on the path to a sysfs device, root port first:
 * `../devices/pci0000:00/0000:00:05.0/0000:01:00.0/net/eth0`.
 */
export function addressesOnPath(path: string): readonly PciAddress[] {
  return path.split("/").flatMap((segment) => {
    const address = /^[0-9a-f]{4,}:/.test(segment) ? parsePciAddress(segment) : undefined;
    return address ? [address] : [];
  });
}
