import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";
import { interfacesOfSession } from "./ssh-route";

/** The host loses a network interface that it uses, other than the one of the SSH session. */
export const hostNetwork: GuardRule = {
  override: "allow",
  judge({ facts, lost }) {
    const route = interfacesOfSession(facts);
    return lost.flatMap((device) =>
      facts.network.flatMap((nic) => {
        if (nic.carriedBy === undefined || !carries(facts, device, nic.carriedBy) || route.includes(nic)) return [];
        const upper = facts.network.find(({ lower }) => lower.includes(nic.name));
        if (nic.addresses.length === 0 && !upper) return [];
        const use = upper ? `is part of ${upper.name}` : `has the address ${nic.addresses.join(", ")}`;
        return [`${describeDevice(device)} is the network interface ${nic.name}, which ${use}`];
      }),
    );
  },
};
