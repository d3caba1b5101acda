import type { Command } from "commander";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import type { TestHost } from "../contract/test-host";

/** What a command printed, and what it ended with. */
export interface CommandRun {
  readonly stdout: string;
  readonly exitCode: number;
}

/** Runs a command of the bin as a user does; rejects with what it would print as an error. */
export async function runCommand(command: Command, ...args: readonly string[]): Promise<CommandRun> {
  let stdout = "";
  const write = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  try {
    await command.exitOverride().parseAsync(args, { from: "user" });
    return { stdout, exitCode: Number(process.exitCode ?? 0) };
  } finally {
    process.exitCode = undefined;
    write.mockRestore();
  }
}

/** Uses a simulated host; `login` is how commands are told of it. */
export async function onSimulatedHost<T>(
  profile: string,
  use: (login: readonly string[], host: SimulatedHost) => Promise<T>,
): Promise<T> {
  const host = await startSimulatedHost({ name: "xen1", profile });
  return use(loginOf(host), host).finally(() => host.stop());
}

/** The arguments by which commands log in to a host. */
export function loginOf({ user, address, port, identityFile, hostKey }: TestHost): readonly string[] {
  return [`${user}@${address}`, "-p", `${port}`, "-i", identityFile, "--host-key", hostKey];
}
