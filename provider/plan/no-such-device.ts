import type { HostFacts } from "../facts/host-facts";

/** The refusal of a device that the host does not have, with the functions of its slot. */
export function noSuchDevice(facts: HostFacts, device: string): string {
  const slot = /^(.*)\.[0-7]$/.exec(device)?.[1];
  const beside = [...facts.pciDevices.keys()].filter((address) => slot !== undefined && address.startsWith(`${slot}.`));
  const has = beside.length > 0 ? `: the slot has ${beside.join(", ")}` : "";
  return `the host has no device ${device}${has}. List its devices: "npx pulumi-pci-passthrough devices <host>"`;
}
