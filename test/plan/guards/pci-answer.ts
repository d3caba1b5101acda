/** A function of a host as `print_links`, `grep` and `lspci` print it. */
export interface PrintedFunction {
  /** The way from the root, as sysfs has it: `pci0000:00/0000:00:1d.0/0000:03:00.0`. */
  readonly path: string;
  readonly class: string;
  readonly driver: string;
  readonly label: string;
}

/** What a host answers to the question for its PCI functions. */
export function pciAnswer(functions: readonly PrintedFunction[]): string {
  return functions
    .flatMap(({ path, class: code, driver, label }) => {
      const address = path.slice(path.lastIndexOf("/") + 1);
      const folder = `/sys/bus/pci/devices/${address}`;
      return [
        `${folder} -> /sys/devices/${path}`,
        `${folder}/driver -> /sys/bus/pci/drivers/${driver}`,
        ...["vendor", "device", "subsystem_vendor", "subsystem_device"].map((file) => `${folder}/${file}:0x8086`),
        `${folder}/class:0x${code}`,
        `${folder}/reset`,
        `lspci ${address} ${label}`,
      ];
    })
    .join("\n");
}
