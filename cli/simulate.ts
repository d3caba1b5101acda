import { Command, InvalidArgumentError } from "commander";
import { PROFILE_NAMES, type SimulatedHost, startSimulatedHost } from "../simulator";

interface WantedHost {
  readonly name: string;
  readonly profile: string;
}

/** `simulate --host xen1=debian-xl`: serves simulated hosts until SIGINT or SIGTERM, one JSON line a host on standard output. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description("serve simulated hosts on loopback, to try a program without hardware")
    .requiredOption(
      "--host <name=profile>",
      `a host and its kind (${PROFILE_NAMES.join(", ")}); can be repeated`,
      collectHost,
    )
    .option("--latency <ms>", "added to every answer", readMilliseconds, 0)
    .action(async ({ host, latency }: { host: readonly WantedHost[]; latency: number }) => {
      const ended = new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      });
      const hosts: SimulatedHost[] = [];
      try {
        for (const { name, profile } of host)
          hosts.push(await startSimulatedHost({ name, profile, latencyMs: latency }));
        for (const one of hosts) process.stdout.write(`${describe(one)}\n`);
        await ended;
      } finally {
        await Promise.all(hosts.map((one) => one.stop()));
      }
    });
}

function describe({ name, address, port, user, identityFile, hostKey }: SimulatedHost): string {
  return JSON.stringify({ name, address, port, user, identityFile, hostKey });
}

function collectHost(text: string, before: readonly WantedHost[] = []): readonly WantedHost[] {
  const [, name, profile] = /^([A-Za-z0-9][A-Za-z0-9.-]*)=(.+)$/.exec(text) ?? [];
  if (name === undefined || profile === undefined) throw new InvalidArgumentError("Expected <name>=<profile>.");
  if (!PROFILE_NAMES.includes(profile)) {
    throw new InvalidArgumentError(`There is no profile "${profile}"; there are: ${PROFILE_NAMES.join(", ")}.`);
  }
  if (before.some((one) => one.name === name)) throw new InvalidArgumentError(`There are two hosts "${name}".`);
  return [...before, { name, profile }];
}

function readMilliseconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected a number of milliseconds.");
  return Number(text);
}
