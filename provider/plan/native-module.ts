import type { HostFacts } from "../facts/host-facts";
import type { PciDevice } from "../facts/pci-devices";
import { isStubDriver } from "../facts/stub-drivers";

/**
 * The kernel module that would drive the function at boot if it were not hidden; undefined when that driver is built
 * in.
 */
export function nativeModule(facts: HostFacts, { address, driver }: PciDevice): string | undefined {
  return driver !== undefined && !isStubDriver(facts, driver)
    ? facts.pciback.driverModules.get(driver)
    : facts.pciback.nativeModules.get(address);
}
