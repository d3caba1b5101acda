import { connectionPool } from "../host/connection-pool";
import type { HostLogin } from "../host/host";
import type { HostInput } from "../plan/inputs/host-input";
import type { Patience } from "./facts-cache";
import { ManagedHost } from "./managed-host";

/** PCI_PASSTHROUGH_CONNECT_TIMEOUT, in seconds, is for slow hosts and links: a preview waits only 5 by default. */
function patienceOf(patience: Patience): { connectTimeoutMs?: number } {
  const seconds = Number(process.env.PCI_PASSTHROUGH_CONNECT_TIMEOUT);
  if (seconds > 0) return { connectTimeoutMs: seconds * 1000 };
  return patience === "work" ? { connectTimeoutMs: 60_000 } : {};
}

/** Gives the host of an input, for one process or test: equal logins share one ManagedHost. */
export function createHosts(): (input: HostInput) => ManagedHost {
  const hosts = new Map<string, ManagedHost>();
  return (input) => {
    const login = loginOf(input);
    const key = JSON.stringify(login);
    const host =
      hosts.get(key) ??
      new ManagedHost(input.address, (patience) => connectionPool.connect(login, patienceOf(patience)));
    hosts.set(key, host);
    return host;
  };
}

function loginOf(host: HostInput): HostLogin {
  const { toolstack: _, ...login } = host;
  return login;
}
