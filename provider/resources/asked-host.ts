import { z } from "zod";
import { PassthroughError } from "../errors";
import { connectionPool } from "../host/connection-pool";
import { HostInput } from "../plan/inputs/host-input";
import { createHosts } from "./hosts";
import type { ManagedHost } from "./managed-host";

/**
 * Does something with a host that a command names, and closes all connections then. Throws PassthroughError when the
 * login is described wrongly, and what `use` throws.
 */
export async function withHost<T>(
  described: unknown,
  use: (host: ManagedHost, input: HostInput) => Promise<T>,
): Promise<T> {
  const checked = HostInput.safeParse(described);
  if (!checked.success) throw new PassthroughError(`Unable to ask the host: ${z.prettifyError(checked.error)}`);
  try {
    return await use(createHosts()(checked.data), checked.data);
  } finally {
    await connectionPool.closeAll();
  }
}
