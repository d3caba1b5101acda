/** A program on a host of its own, and what becomes of it. */
export interface ProgramChange {
  readonly title: string;
  /** What was done on the host by hand before: shell. */
  readonly given?: string;
  /** The program that is deployed first: statements, in which `pci` and `host` are defined. */
  readonly before: string;
  /** What was done on the host by hand in between: shell. */
  readonly meanwhile?: string;
  readonly after: string;
  /** Who has which device then, as far as that was not so before the first program; see host-view.ts. */
  readonly becomes?: readonly string[];
  /** What preview and up say, as `resource: line`, where the drivers and VMs do not show what was done. */
  readonly says?: RegExp;
  /** Why preview and up refuse the change; undefined where both carry it out. */
  readonly refused?: RegExp;
  /**
   * What preview and up need not say alike: the name that a network interface gets when its driver is back, and which of
   * two resources comes first where neither names the other.
   */
  readonly unforeseen?: RegExp;
  /** What is done on the host by hand before the destroy: shell. */
  readonly stop?: string;
  /**
   * What a destroy leaves. Undefined when every driver and byte is as before the first program, which cannot be where a
   * file was edited by hand meanwhile, or where xen-cmdline writes the boot menu in a form of its own.
   */
  readonly left?: readonly string[];
}

/** The changes on one kind of host. */
export interface ChangesOnHost {
  /** Of the simulator. */
  readonly profile: string;
  readonly changes: readonly ProgramChange[];
}

/** Declares an AssignableDevice, as the variable `name`. */
export const assignable = (device: string, more = "", name = "nic") =>
  `const ${name} = new pci.AssignableDevice("${name}", { host, device: "${device}"${more} });\n`;

/** Declares a HiddenPciDevice, as the variable `name`. */
export const hidden = (device: string, more = "", name = "hidden") =>
  `const ${name} = new pci.HiddenPciDevice("${name}", { host, device: "${device}"${more} });\n`;

/** Declares a VmPciAttachment. `device`: an expression. */
export const attached = (vm: string, more = "", name = "attachment", device = "nic.device") =>
  `new pci.VmPciAttachment("${name}", { host, device: ${device}, vm: ${JSON.stringify(vm)}${more} });\n`;

/** Declares a PciPassthrough. */
export const passthrough = (device: string, vm: string, more = "", name = "passthrough") =>
  `new pci.PciPassthrough("${name}", { host, device: "${device}", vm: ${JSON.stringify(vm)}${more} });\n`;

/** Declares SriovVirtualFunctions. */
export const functions = (device: string, count: number, name = "functions") =>
  `new pci.SriovVirtualFunctions("${name}", { host, device: "${device}", count: ${count} });\n`;
