import type { HostFacts } from "../facts/host-facts";

/** Why a device that the host does not have is refused, with the devices that it has; bridges are left out. */
export function noSuchDevice(facts: HostFacts, device: string): string {
  const known = [...facts.pciDevices.values()].filter((one) => !one.identity.class.startsWith("06"));
  const list = known.map((one) => `\n  ${one.address} ${one.identity.label}`).join("");
  return `the host has no such device as ${device}. Its devices are:${list}`;
}
