import { PassthroughError } from "../../errors";
import { isLike } from "../../likeness";
import type { HostInput } from "../../plan/inputs/host-input";
import { ProviderConfig } from "../../plan/inputs/provider-config";
import type { Bag } from "../../plan/kind";
import { type Failure, failuresOf, IN_WORDS } from "../../resources/input-failures";
import { containsUnknown } from "../../resources/unknowns";

/** What the engine adds to a provider's inputs. */
const OF_ENGINE = ["version", "pluginDownloadURL", "__internal"];

/** The configuration, or what is wrong with it. */
export interface CheckedConfiguration {
  readonly configuration: ProviderConfig;
  readonly failures: readonly Failure[];
}

/**
 * Reads the configuration of the provider. What is no text arrives as JSON text from the configuration of a stack, and
 * as it is from a Provider of the program.
 */
export function readConfiguration(bag: Bag): CheckedConfiguration {
  const given = Object.fromEntries(
    Object.entries(bag).flatMap(([name, value]) => (OF_ENGINE.includes(name) ? [] : [[name, fromText(value)]])),
  );
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => !containsUnknown(value)));
  const checked = ProviderConfig.safeParse(known, IN_WORDS);
  if (checked.success) return { configuration: checked.data, failures: [] };
  return { configuration: {}, failures: failuresOf(checked.error, known, ProviderConfig) };
}

function fromText(value: unknown): unknown {
  if (typeof value !== "string" || containsUnknown(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * The host that an input `host` means: the name of one of the provider's hosts, or a host as it is, each with the
 * provider's defaults. Without `hosts` a name is an address. What is no host is returned as it is, for its check. Throws
 * PassthroughError for a name that the provider does not have.
 */
export function hostMeant(host: unknown, { hosts, defaults }: ProviderConfig): unknown {
  if (typeof host === "string" && !containsUnknown(host)) return { ...defaults, ...hostNamed(host, hosts) };
  if (typeof host !== "object" || host === null || Array.isArray(host)) return host;
  return { ...defaults, ...host };
}

/** The inputs with the host that they mean. Throws as hostMeant does. */
export function withHostMeant(bag: Bag, configuration: ProviderConfig): Bag {
  return { ...bag, host: hostMeant(bag.host, configuration) };
}

function hostNamed(name: string, hosts: ProviderConfig["hosts"]): HostInput {
  if (!hosts) return { address: name };
  const host = hosts[name];
  if (host) return { name, ...host };
  const like = Object.keys(hosts).find((other) => isLike(other, name));
  throw new PassthroughError(
    `the provider's configuration has no host "${name}"${like ? `: did you mean "${like}"?` : `; it has ${Object.keys(hosts).join(", ")}`}`,
  );
}
