/** Drivers that only reserve a function for a VM, by their names in sysfs (the module of `pciback` is xen-pciback). */
export const STUB_DRIVERS = ["pciback", "vfio-pci", "pci-stub"] as const;

/** The name of a stub driver in sysfs. */
export type StubDriver = (typeof STUB_DRIVERS)[number];
