import type { HostFacts } from "../../facts/host-facts";
import { interfacesUnder, type NetworkInterface } from "../../facts/network";
import { carries, describeDevice } from "./carries";
import type { GuardRule } from "./guard";

/** The host loses the network interface that the SSH session goes through. */
export const sshRoute: GuardRule = {
  override: "allow",
  judge({ facts, lost }) {
    const route = interfacesOfSession(facts);
    const path = route.map(({ name }) => name).reverse();
    return lost.flatMap((device) =>
      route
        .filter(({ carriedBy }) => carriedBy !== undefined && carries(facts, device, carriedBy))
        .map(
          () =>
            `${describeDevice(device)} is the network interface ${path.join(" under ")}, and the SSH session to ${facts.machine.sshServerAddress} goes through it: the host would become unreachable`,
        ),
    );
  },
};

/** The interfaces that the SSH session goes through, uppermost first. */
export function interfacesOfSession({ machine, network }: HostFacts): readonly NetworkInterface[] {
  return machine.sshServerAddress === undefined ? [] : interfacesUnder(network, machine.sshServerAddress);
}
