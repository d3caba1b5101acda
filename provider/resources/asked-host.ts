import { PassthroughError } from "../errors";
import { connectionPool } from "../host/connection-pool";
import { HostInput } from "../plan/inputs/host-input";
import { createHosts } from "./hosts";
import { failuresOf, IN_WORDS, inOneLine } from "./input-failures";
import type { ManagedHost } from "./managed-host";

/**
 * Does something with a host that a command names, and closes all connections then. Throws PassthroughError when the
 * login is described wrongly, and what `use` throws.
 */
export async function withHost<T>(
  described: unknown,
  use: (host: ManagedHost, input: HostInput) => Promise<T>,
): Promise<T> {
  const checked = HostInput.safeParse(described, IN_WORDS);
  if (!checked.success) {
    const failures = failuresOf(checked.error, described, HostInput);
    throw new PassthroughError(`Unable to ask the host: ${inOneLine(failures)}.`);
  }
  try {
    return await use(createHosts()(checked.data), checked.data);
  } finally {
    await connectionPool.closeAll();
  }
}
