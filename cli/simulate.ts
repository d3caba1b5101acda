import { Command, InvalidArgumentError } from "commander";
import { PROFILE_NAMES, type SimulatedHost, startSimulatedHost } from "../simulator";

interface WantedHost {
  readonly name: string;
  readonly profile: string;
}

/**
 * `simulate --host xen1=debian-xl`: serves simulated hosts until SIGINT or SIGTERM, and prints for each host how to log
 * in, as a line of JSON. Standard error has the command that lists the host's devices and VMs.
 */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description("serve simulated hosts on loopback, to try a program without hardware, until Ctrl-C")
    .requiredOption(
      "--host <name=profile>",
      `name and kind of a host (${PROFILE_NAMES.join(", ")}); can be repeated`,
      collectHost,
    )
    .option("--latency <ms>", "delay of every answer, in milliseconds", readMilliseconds, 0)
    .action(async ({ host, latency }: { host: readonly WantedHost[]; latency: number }) => {
      const ended = new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      });
      const hosts: SimulatedHost[] = [];
      try {
        for (const { name, profile } of host)
          hosts.push(await startSimulatedHost({ name, profile, latencyMs: latency }));
        for (const simulated of hosts) {
          process.stdout.write(`${describe(simulated)}\n`);
          process.stderr.write(`What ${simulated.name} has: ${mapOf(simulated)}\n`);
        }
        await ended;
      } finally {
        await Promise.all(hosts.map((simulated) => simulated.stop()));
      }
    });
}

function describe({ name, address, port, user, identityFile, hostKey }: SimulatedHost): string {
  return JSON.stringify({ name, address, port, user, identityFile, hostKey });
}

function mapOf({ user, address, port, identityFile, hostKey }: SimulatedHost): string {
  return `npx pulumi-pci-passthrough map ${user}@${address} -p ${port} -i ${identityFile} --host-key ${hostKey}`;
}

function collectHost(text: string, before: readonly WantedHost[] = []): readonly WantedHost[] {
  const [, name, profile] = /^([A-Za-z0-9][A-Za-z0-9.-]*)=(.+)$/.exec(text) ?? [];
  if (name === undefined || profile === undefined)
    throw new InvalidArgumentError("Expected <name>=<profile>, such as xen1=debian-xl.");
  if (!PROFILE_NAMES.includes(profile)) {
    throw new InvalidArgumentError(`Unknown profile "${profile}". Known profiles: ${PROFILE_NAMES.join(", ")}.`);
  }
  if (before.some((host) => host.name === name))
    throw new InvalidArgumentError(`The host name "${name}" is given twice.`);
  return [...before, { name, profile }];
}

function readMilliseconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected a number of milliseconds.");
  return Number(text);
}
