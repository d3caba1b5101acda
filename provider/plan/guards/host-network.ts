import { type NetworkInterface, sendsThrough } from "../../facts/network";
import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";
import { routeOfSession } from "./ssh-route";

/** The host loses a network interface that it uses, other than the one of the SSH session. */
export const hostNetwork: GuardRule = {
  judge({ facts, lost }) {
    const { interfaces: route } = routeOfSession(facts);
    const { interfaces, inOtherNamespaces } = facts.network;
    return lost.flatMap((device) => [
      ...interfaces.flatMap((nic) => {
        if (nic.carriedBy === undefined || !carries(facts, device, nic.carriedBy)) return [];
        const uses = [
          ...(route.includes(nic) ? [] : usesOf(interfaces, nic)),
          ...facts.networkStorage
            .filter(({ through }) => through !== undefined && sendsThrough(interfaces, through, nic.name))
            .map(({ what }) => `the host reaches ${what} through`),
        ];
        return uses.length === 0
          ? []
          : [
              `${describeDevice(device)} is the network interface ${nic.name}, which ${uses.join(", and which ")}: the host would lose it`,
            ];
      }),
      ...inOtherNamespaces
        .filter((address) => carries(facts, device, address))
        .map(
          () => `${describeDevice(device)} has a network interface that is in another network namespace of the host`,
        ),
    ]);
  },
};

/**
 * What the host uses an interface for, as the ends of sentences that begin with "which". An interface that is merely up
 * is free.
 */
function usesOf(interfaces: readonly NetworkInterface[], nic: NetworkInterface): readonly string[] {
  const uppers = interfaces.filter(({ lower }) => lower.includes(nic.name));
  // Every interface that is up has a link-local address.
  const addresses = nic.addresses.filter((address) => !address.startsWith("fe80:"));
  return [
    ...uppers.map((upper) => `${upper.name} sends through${forGuests(upper)}`),
    ...(addresses.length > 0 ? [`has the address ${addresses.join(", ")}`] : []),
    ...(nic.routed ? ["routes of the host go through"] : []),
  ];
}

/** Ports that toolstacks add to a bridge for guests: xl and XAPI, libvirt, Proxmox, LXC. */
function forGuests({ lower }: NetworkInterface): string {
  const guests = lower.filter((port) => /^(vif\d+\.\d|tap\d|vnet\d|fwpr\d|veth)/.test(port));
  return guests.length === 0 ? "" : ` for guests (${guests.slice(0, 3).join(", ")}${guests.length > 3 ? ", …" : ""})`;
}
