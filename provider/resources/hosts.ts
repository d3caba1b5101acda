import { connectionPool } from "../host/connection-pool";
import type { HostLogin } from "../host/host";
import type { HostInput } from "../plan/inputs/host-input";
import { AskedChanges } from "./asked-changes";
import type { Connect } from "./connect";
import { ManagedHost } from "./managed-host";

/** In milliseconds. A confirmation must come in time, so that an attempt at it leaves time for another. */
const TIMEOUTS = { preview: undefined, work: 60_000, confirmation: 20_000 };

/** PCI_PASSTHROUGH_CONNECT_TIMEOUT, in seconds, is for slow hosts and links: a preview waits only 5 by default. */
function timeoutFor(purpose: Parameters<Connect>[0]): { connectTimeoutMs?: number } {
  const seconds = Number(process.env.PCI_PASSTHROUGH_CONNECT_TIMEOUT);
  const connectTimeoutMs = seconds > 0 ? seconds * 1000 : TIMEOUTS[purpose];
  return connectTimeoutMs === undefined ? {} : { connectTimeoutMs };
}

function connectTo(login: HostLogin): Connect {
  return (purpose) =>
    purpose === "confirmation"
      ? connectionPool.connectOnce(login, timeoutFor(purpose))
      : connectionPool.connect(login, timeoutFor(purpose));
}

/** Gives the host of an input, for one process or test: equal logins share one ManagedHost. */
export function createHosts(): (input: HostInput) => ManagedHost {
  const hosts = new Map<string, ManagedHost>();
  const asked = new AskedChanges();
  return (input) => {
    const { name, ...login } = loginOf(input);
    const key = JSON.stringify(login);
    const host = hosts.get(key) ?? new ManagedHost(name ?? input.address, connectTo({ ...login, name }), asked);
    hosts.set(key, host);
    return host;
  };
}

function loginOf(host: HostInput): HostLogin {
  const { toolstack: _, safety: __, strict: ___, ...login } = host;
  return login;
}
