import type { HostFacts } from "../facts/host-facts";

/** The refusal of a device that the host does not have, with a list of those it has, except bridges. */
export function noSuchDevice(facts: HostFacts, device: string): string {
  const known = [...facts.pciDevices.values()].filter(({ identity }) => !identity.class.startsWith("06"));
  const list = known.map(({ address, identity }) => `\n  ${address} ${identity.label}`).join("");
  return `the host has no device ${device}. Declare one of its devices:${list}`;
}
