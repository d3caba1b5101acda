import { type Unmanaged, unmanagedOn } from "../plan/inventory/unmanaged";
import { withHost } from "./asked-host";
import { questionsOf } from "./questions";

/** Reads a host, and finds what was made there by hand. Throws PassthroughError, for bad input too. */
export function findUnmanaged(host: unknown): Promise<readonly Unmanaged[]> {
  return withHost(host, async (asked, input) => unmanagedOn(await asked.facts("work", questionsOf(input, [])), input));
}
