import { FileMap, type VirtualFiles } from "./file-map";
import type { VirtualNode } from "./file-node";
import type { Kernel } from "./kernel";
import type { PciFunction } from "./pci-bus";

/** The folder that holds it. */
export const UDEV_DATABASE = "/run/udev/data";

/** The vendors of pci.ids that profiles have. */
const VENDORS: Readonly<Record<string, string>> = {
  "10de": "NVIDIA Corporation",
  "1af4": "Red Hat, Inc.",
  "1b36": "Red Hat, Inc.",
  "8086": "Intel Corporation",
};

/** What udev keeps of each PCI function: here only its names, as systemd 252 of Debian 12 has them. */
export function udevDatabase(kernel: () => Kernel): VirtualFiles {
  let version: number | undefined;
  let rendered: Kernel | undefined;
  let files = new FileMap<VirtualNode>();
  return () => {
    const now = kernel();
    if (now !== rendered || now.bus.version !== version) {
      rendered = now;
      version = now.bus.version;
      files = new FileMap<VirtualNode>();
      files.set(UDEV_DATABASE, { kind: "directory" });
      for (const device of now.bus.devices) {
        const text = namesOf(device);
        files.set(`${UDEV_DATABASE}/+pci:${device.address}`, { kind: "file", mode: 0o644, read: () => text });
      }
    }
    return files;
  };
}

/** A name that its database does not have is left out (seen: the device of QEMU's VGA, 1234:1111). */
function namesOf({ id, label }: PciFunction): string {
  const [kind = "", name = ""] = label.split(/: (.*)/);
  const vendor = VENDORS[id.slice(0, 4)];
  const names = {
    PCI_SUBCLASS: kind,
    VENDOR: vendor,
    MODEL: vendor !== undefined && name.startsWith(`${vendor} `) ? name.slice(vendor.length + 1) : undefined,
  };
  return Object.entries(names)
    .flatMap(([part, text]) => (text === undefined ? [] : [`E:ID_${part}_FROM_DATABASE=${text}\n`]))
    .join("");
}
