/** Drivers that hold a function for a VM and do nothing with it, by their names in sysfs (the module of Xen's is xen-pciback). */
export const STUB_DRIVERS = ["pciback", "vfio-pci", "pci-stub"] as const;
export type StubDriver = (typeof STUB_DRIVERS)[number];

export function isStubDriver(driver: string | null | undefined): driver is StubDriver {
  return STUB_DRIVERS.some((stub) => stub === driver);
}
