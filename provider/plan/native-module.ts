import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import { isStubDriver } from "../pci/stub-driver";

/**
 * The kernel module that would drive the function at boot if it were not hidden; undefined when that driver is built
 * in.
 */
export function nativeModule({ pciback }: HostFacts, { address, driver }: PciDevice): string | undefined {
  return driver !== undefined && !isStubDriver(driver)
    ? pciback.driverModules.get(driver)
    : pciback.nativeModules.get(address);
}
