/** A function of a host as `ls`, `grep` and `lspci` print it. */
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
        `${link(folder)} -> ../../../devices/${path}`,
        `${link(`${folder}/driver`)} -> ../../../../bus/pci/drivers/${driver}`,
        ...["vendor", "device", "subsystem_vendor", "subsystem_device"].map((file) => `${folder}/${file}:0x8086`),
        `${folder}/class:0x${code}`,
        `${folder}/reset`,
        `lspci ${address} ${label}`,
      ];
    })
    .join("\n");
}

/** A symbolic link as `ls -ld` prints it, up to its target. */
export function link(path: string): string {
  return `lrwxrwxrwx 1 root root 0 Nov 21 07:00 ${path}`;
}
