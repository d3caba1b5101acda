import type { HostFacts } from "../../facts/host-facts";
import { interfacesUnder, type NetworkInterface } from "../../facts/network";
import type { PciDevice } from "../../facts/pci-devices";
import { isStubDriver } from "../../facts/stub-drivers";
import { keptByObject } from "../../kept-by-object";
import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/** The host loses the network interface that the SSH session goes through, or one that it may go through. */
export const sshRoute: GuardRule = {
  judge({ facts, lost }) {
    const { interfaces, unknownBecause } = routeOfSession(facts);
    const session = `the SSH session to ${facts.machine.sshServerAddress ?? "the host"}`;
    return lost.flatMap((device) => {
      const carried = interfaces.filter(
        ({ carriedBy }) => carriedBy !== undefined && carries(facts, device, carriedBy),
      );
      if (carried.length > 0) {
        const path = interfaces.map(({ name }) => name).reverse();
        return [
          `${describeDevice(device)} is the network interface ${path.join(" under ")}, and ${session} goes through it: the host would become unreachable`,
        ];
      }
      const candidate = unknownBecause === undefined ? undefined : possibleRoute(facts, device);
      return candidate === undefined
        ? []
        : [
            `${describeDevice(device)} is ${candidate}, and it is not known which interface ${session} goes through, because ${unknownBecause}: the host could become unreachable`,
          ];
    });
  },
};

/** How the SSH session reaches the host. */
export interface RouteOfSession {
  /** Uppermost first: those of the host's address, and those that answers to the client leave through. */
  readonly interfaces: readonly NetworkInterface[];
  /** Why these may not be all; undefined when they are. */
  readonly unknownBecause: string | undefined;
}

/** Traces the SSH session to what carries it: each guard and each plan of a host asks that. */
export const routeOfSession = keptByObject(({ machine, network }: HostFacts): RouteOfSession => {
  const address = machine.sshServerAddress;
  const withAddress = network.interfaces.filter(({ addresses }) => address && addresses.includes(address));
  const answering = network.interfaces.filter(({ name }) => name === network.toSshClient);
  const uppermost = [...new Set([...withAddress, ...answering])];
  const traces = uppermost.map((top) => interfacesUnder(network.interfaces, top));
  const dead = traces.find((trace) => trace.every(({ carriedBy }) => carriedBy === undefined));
  return {
    interfaces: [...new Set(traces.flat())],
    unknownBecause:
      withAddress.length === 0
        ? `the host shows no interface with ${address === undefined ? "an address of the session" : "that address"}`
        : dead && `${dead[0]?.name} leads to no device that is known`,
  };
});

/** What makes a device one that any traffic may go through; undefined when it is none. */
function possibleRoute(facts: HostFacts, device: PciDevice): string | undefined {
  const { interfaces, inOtherNamespaces } = facts.network;
  const nic = interfaces.find(({ up, carriedBy }) => up && carriedBy && carries(facts, device, carriedBy));
  if (nic) return `the network interface ${nic.name}, which is up`;
  if (inOtherNamespaces.some((address) => carries(facts, device, address))) {
    return "a network interface of another network namespace";
  }
  const unlisted =
    interfaces.length === 0 &&
    [...facts.pciDevices.values()].some((other) => isNic(facts, other) && carries(facts, device, other.address));
  return unlisted ? "a network controller, of which the host does not say whether it is in use" : undefined;
}

/** Base classes 02 and 0d, and 0c06, InfiniBand (PCI Code and ID Assignment Specification 1.11), with a driver. */
function isNic(facts: HostFacts, { identity, driver }: PciDevice): boolean {
  return driver !== undefined && !isStubDriver(facts, driver) && /^(02|0d|0c06)/.test(identity.class);
}
