import { type PciAddress, parsePciAddress } from "../pci/address";

/** What a function is called by: hexadecimal digits without 0x. */
interface Numbers {
  readonly vendor: string;
  readonly device: string;
  readonly class: string;
  /** Linux tells it from 4.10 on (drivers/pci/pci-sysfs.c). */
  readonly revision: string | undefined;
}

/** What a function is called, for people; undefined where the host has no names at all. */
export type PciNames = (address: PciAddress, numbers: Numbers) => string | undefined;

/**
 * Shell that prints the names of all functions. udev has looked them up when the function came (systemd,
 * src/udev/udev-builtin-hwdb.c; "E:" as in src/libsystemd/sd-device/device-private.c, 252). lspci looks at the whole
 * bus and reads all of pci.ids for them: on an emulated host 280 ms, and grep 40.
 */
export const PRINT_PCI_NAMES = `
set -- /sys/bus/pci/devices/*
functions=$#
set -- /run/udev/data/+pci:*
prefix 'udev '
[ $# -lt "$functions" ] || ! grep -H -E '^E:ID_(PCI_SUBCLASS|VENDOR|MODEL)_FROM_DATABASE=' "$@" || return 0
prefix 'lspci '
limited 30 lspci -D`;

/** Reads what PRINT_PCI_NAMES printed. Ignores other lines. */
export function readPciNames(lines: readonly string[]): PciNames {
  const printed = new Map<PciAddress, string>();
  const looked = new Map<PciAddress, Map<string, string>>();
  for (const line of lines) {
    const [, place = "", part = "", value = ""] =
      /^udev \/run\/udev\/data\/\+pci:([0-9a-f:.]+):E:ID_(\w+)_FROM_DATABASE=(.*)$/.exec(line) ?? [];
    const udev = parsePciAddress(place);
    if (udev) looked.set(udev, (looked.get(udev) ?? new Map<string, string>()).set(part, value));
    const [, start = "", name = ""] = /^lspci (\S+) (.*)$/.exec(line) ?? [];
    const lspci = parsePciAddress(start);
    if (lspci) printed.set(lspci, name);
  }
  return (address, numbers) => {
    const parts = looked.get(address);
    return parts ? asLspciPrints(parts, numbers) : printed.get(address);
  };
}

/** pciutils, lspci.c, show_terse(), and lib/names.c, pci_lookup_name(), 3.9. */
function asLspciPrints(parts: ReadonlyMap<string, string>, numbers: Numbers): string {
  const vendor = parts.get("VENDOR");
  const device =
    vendor === undefined
      ? `Device ${numbers.vendor}:${numbers.device}`
      : `${vendor} ${parts.get("MODEL") ?? `Device ${numbers.device}`}`;
  const kind = parts.get("PCI_SUBCLASS") ?? `Class ${numbers.class.slice(0, 4)}`;
  const revision = numbers.revision ?? "00";
  return `${kind}: ${device}${revision === "00" ? "" : ` (rev ${revision})`}`;
}
