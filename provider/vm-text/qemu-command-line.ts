import { type PciAddress, parsePciAddress } from "../pci/address";

/** The PCI functions of the host that a domain XML hands to QEMU past libvirt. */
export interface QemuCommandLine {
  readonly addresses: readonly PciAddress[];
  /** Whether it has a host device that cannot be told from the arguments, such as one by its file descriptor. */
  readonly hasUnknownDevice: boolean;
}

/**
 * Reads `<qemu:commandline>`, `<qemu:override>` and what other drivers have like them (libvirt docs/drvqemu.rst,
 * "Pass-through of arbitrary QEMU commands"). Addresses stand there as `vfio-pci,host=01:00.0`, in JSON, in a path of
 * sysfs (`sysfsdev=`), or as `nvme://0000:01:00.0/1`; QEMU takes short ones (hw/core/qdev-properties-system.c, 8.0,
 * set_pci_host_devaddr).
 */
export function readCommandLine(domain: Readonly<Record<string, unknown>>): QemuCommandLine {
  const argumentsOfQemu = Object.entries(domain).flatMap(([name, content]) =>
    /^\w+:(commandline|override)$/.test(name) ? textsIn(content) : [],
  );
  return {
    addresses: argumentsOfQemu.flatMap(addressesIn),
    hasUnknownDevice: argumentsOfQemu.some(
      (argument) => isHostDevice(argument) && addressesIn(argument).length === 0 && !argument.includes("/mdev"),
    ),
  };
}

function addressesIn(argument: string): readonly PciAddress[] {
  if (!/vfio|assign|nvme|host/.test(argument)) return [];
  const found = argument.matchAll(/(?<![\w.:-])(?:([\da-f]+):)?([\da-f]{1,2}):([\da-f]{1,2})\.([0-7])(?![\w.])/gi);
  return [...found].flatMap(([, domain = "0", bus = "", slot = "", fn = ""]) => {
    const long = `${domain.padStart(4, "0")}:${bus.padStart(2, "0")}:${slot.padStart(2, "0")}.${fn}`;
    return parsePciAddress(long.toLowerCase()) ?? [];
  });
}

/** `-global vfio-pci.…` is none. */
function isHostDevice(argument: string): boolean {
  return /\b(vfio-pci(-nohotplug)?|pci-assign)(?![\w.-])/.test(argument);
}

/** All values in an element and below it. */
function textsIn(content: unknown): readonly string[] {
  if (typeof content === "string") return [content];
  return typeof content === "object" && content !== null ? Object.values(content).flatMap(textsIn) : [];
}
