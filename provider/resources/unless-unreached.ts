import { ConnectionError } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import type { Surroundings } from "./surroundings";
import type { Urn } from "./urn";
import type { CommonInputs, Managed } from "./wanted";

const UNCHECKED = "Effects and guards were not checked for this host.";

/**
 * The facts of a host in a preview; undefined, with a warning once for the host, where it is not to be asked or cannot
 * be reached, unless it is `strict`. Rejects as `reading` does for everything else.
 */
export async function unlessUnreached(
  { env, log, run }: Pick<Surroundings, "env" | "log" | "run">,
  inputs: CommonInputs,
  host: Managed,
  urn: Urn,
  reading: () => Promise<HostFacts>,
): Promise<HostFacts | undefined> {
  const warn = { warn: (line: string) => log.warn(line, urn) };
  if (env.PCI_PASSTHROUGH_OFFLINE === "1") {
    await host.warnOnce(`${host.name} was not asked (PCI_PASSTHROUGH_OFFLINE=1). ${UNCHECKED}`, warn);
    return undefined;
  }
  const strict = inputs.host.strict || env.PCI_PASSTHROUGH_STRICT === "1";
  if (run.unreachedHosts.has(host) && !strict) return undefined;
  try {
    return await reading();
  } catch (error) {
    if (!(error instanceof ConnectionError && error.unreached) || strict) throw error;
    run.unreachedHosts.add(host);
    await host.warnOnce(`${error.message}\n${UNCHECKED}`, warn);
    return undefined;
  }
}
