import { type PciAddress, parsePciAddress } from "../pci/address";

/** Shell functions that tell what /sys and /proc have without starting a program. */
export const PRINT_SYSFS = `
# Paths. Prints those that exist.
print_paths() {
  for path in "$@"; do
    [ ! -e "$path" ] || printf '%s\\n' "$path"
  done
}
# Files of one line. Prints "file:line" of each, as grep -H does.
print_values() {
  for file in "$@"; do
    value=
    [ ! -r "$file" ] || IFS= read -r value < "$file"
    [ -z "$value" ] || printf '%s:%s\\n' "$file" "$value"
  done
}
# Links. Prints "link -> folder" of each that leads to a folder.
print_links() {
  for link in "$@"; do
    [ ! -L "$link" ] || ! cd -P "$link" || printf '%s -> %s\\n' "$link" "$PWD"
  done
  cd /
}
# Sets "functions" to the PCI functions that there are.
list_functions() {
  functions=
  for function in /sys/bus/pci/devices/*; do
    functions="$functions \${function##*/}"
  done
}
# Whether the PCI functions are others than those that this script has read before.
has_other_functions() {
  list_functions
  [ "$functions" != "$known_functions" ]
}
# Whether this is the control domain of a Xen host.
on_xen() {
  hypervisor=
  read -r hypervisor < /sys/hypervisor/type
  [ "$hypervisor" = xen ] && ! is_domu
}
# Whether this system on Xen is a VM itself. xenfs says so (linux, drivers/xen/xenfs/super.c, 6.1); where it is not
# mounted, bit 11 of the features does, which only the control domain has (xen/include/public/features.h, XENFEAT_dom0;
# linux, drivers/xen/sys-hypervisor.c prints them as hexadecimal digits).
is_domu() {
  capabilities= features=
  if [ -e /proc/xen/capabilities ]; then
    read -r capabilities < /proc/xen/capabilities
    [ "$capabilities" != control_d ]
  else
    read -r features < /sys/hypervisor/properties/features
    case $features in "" | *[89a-f]??) return 1 ;; esac
  fi
}`.trim();

/** Reads what `print_links` printed: link -> the folder's path without links. Ignores other lines. */
export function readLinks(text: string): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^(\/\S+) -> (\/\S+)$/.exec(line);
    if (match?.[1] && match[2]) links.set(match[1], match[2]);
  }
  return links;
}

/** Reads what `grep -H ''` or `print_values` printed: path -> text of the file, its lines joined by newlines. Ignores other lines. */
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
 * `/sys/devices/pci0000:00/0000:00:05.0/0000:01:00.0/net/eth0`.
 */
export function addressesOnPath(path: string): readonly PciAddress[] {
  return path.split("/").flatMap((segment) => {
    const address = /^[0-9a-f]{4,}:/.test(segment) ? parsePciAddress(segment) : undefined;
    return address ? [address] : [];
  });
}
