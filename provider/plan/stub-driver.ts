/** The stub driver of Xen hosts, by its name in sysfs (the module is xen-pciback). */
export const STUB_DRIVER = "pciback";
