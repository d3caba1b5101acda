import { runningDomains } from "../../../facts/domains";
import type { HostFacts } from "../../../facts/host-facts";
import type { XapiVm } from "../../../facts/xapi";
import type { PciAddress } from "../../../pci/address";

/** The functions that a VM has now, according to xenstore; none when it does not run on this host. */
export function devicesInVm(facts: HostFacts, vm: XapiVm): readonly PciAddress[] {
  if (vm.domainId === undefined || vm.residentOn !== facts.xapi?.hostUuid) return [];
  const domain = runningDomains(facts).find(({ id }) => id === vm.domainId);
  return (domain?.pciDevices ?? []).map((device) => device.address);
}
