import { connect } from "../host/connection-pool";
import { type HostInput, loginOf } from "./host-input";
import { ManagedHost } from "./managed-host";

/** Every host that this process has to do with, by the way to log in. */
const hosts = new Map<string, ManagedHost>();

export function hostFor(input: HostInput): ManagedHost {
  const login = loginOf(input);
  const key = JSON.stringify(login);
  const known = hosts.get(key) ?? new ManagedHost(input.address, () => connect(login));
  hosts.set(key, known);
  return known;
}
