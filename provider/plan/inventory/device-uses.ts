import type { HostFacts } from "../../facts/host-facts";
import { interfacesUnder } from "../../facts/network";
import type { PciDevice } from "../../facts/pci-devices";
import { routeOfSession } from "../guards/ssh-route";
import { describePurposes, disksOn } from "../guards/storage-in-use";

/**
 * What the host has on a function, in few words each: `eth0 under xenbr0 (192.0.2.11)`, `the SSH session`,
 * `sda: / and swap`, `sdb: nothing mounted`, `the console's display`.
 */
export function usesOf(facts: HostFacts, device: PciDevice): readonly string[] {
  const isHere = ({ carriedBy }: { readonly carriedBy: string | undefined }) => carriedBy === device.address;
  const { displays, keyboards, serialLines } = facts.console;
  return [
    ...facts.network.interfaces.filter(isHere).map(({ name }) => describeInterface(facts, name)),
    ...(routeOfSession(facts).interfaces.some(isHere) ? ["the SSH session"] : []),
    ...disksOn(facts, device).map(
      ({ name, uses }) => `${name}: ${uses.length > 0 ? describePurposes(uses) : "nothing mounted"}`,
    ),
    ...(displays.includes(device.address) ? ["the console's display"] : []),
    ...keyboards.filter(isHere).map(({ name }) => name),
    ...serialLines.filter(isHere).map(({ name }) => `the console on ${name}`),
  ];
}

function describeInterface({ network }: HostFacts, name: string): string {
  const above = network.interfaces.filter((upper) =>
    interfacesUnder(network.interfaces, upper).some((lower) => lower.name === name),
  );
  const names = [name, ...above.map((upper) => upper.name).filter((upper) => upper !== name)];
  // Every interface has a link-local address.
  const addresses = above.flatMap((upper) => upper.addresses).filter((address) => !/^fe80:/.test(address));
  return `${names.join(" under ")}${addresses.length > 0 ? ` (${addresses.join(", ")})` : ""}`;
}
