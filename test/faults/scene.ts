import { ConnectionError } from "../../provider/errors";
import type { HostFacts } from "../../provider/facts/host-facts";
import type { Connect } from "../../provider/resources/connect";
import { NO_QUESTIONS } from "../../provider/resources/facts-cache";
import { ManagedHost } from "../../provider/resources/managed-host";
import { findProfile } from "../../simulator/profiles/profiles";
import { type Deployed, Deployment } from "../contract/deployment";
import type { Declaration } from "./declarations";
import { type HostState, hostState } from "./host-state";
import { MachineHost } from "./machine-host";

/** The least that a host can be told to wait for a confirmation. */
const CONFIRM_SECONDS = 10;

/** What a run says of a change that the host took back. */
export const TAKEN_BACK =
  /: the host could not be reached after .* left \S+; it took the change back by itself after 10 s\. Choose another device, or another way to the host\.$/;

/** What a run of the program does with a resource. */
export const OPERATIONS = ["create", "change", "delete"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** One run of the program on a host. */
export interface Story {
  readonly declaration: Declaration;
  readonly operation: Operation;
}

/** The outputs of a resource, as text to compare. */
export type Outs = string;

/** A host before the run in which something may go wrong. */
export interface Scene {
  readonly host: MachineHost;
  readonly deployed: Deployed | undefined;
}

/** The host of a story before the run in which something may go wrong. */
export async function begin({ declaration, operation }: Story): Promise<Scene> {
  const profile = findProfile(declaration.profile);
  const host = new MachineHost(declaration.host?.(profile) ?? profile);
  await host.connect();
  if (declaration.prepare !== undefined) {
    const { exitCode, stderr } = await host.exec(declaration.prepare);
    if (exitCode !== 0) throw new Error(`${declaration.prepare}: ${stderr}`);
    host.machine.files.syncAll();
    if (declaration.atBoot) await host.reboot();
  }
  if (operation === "create") return { host, deployed: undefined };
  const deployed = await deployment(host).create(declaration.kind, declaration.given);
  if (declaration.atBoot) await host.reboot();
  return { host, deployed };
}

/** A run of the program whose facts are read: a fault then meets its apply alone. */
export interface PreparedRun {
  readonly carryOut: () => Promise<Deployed | undefined>;
  /** What it knows of the host, and what another process reads there. */
  readonly facts: () => Promise<{ readonly known: HostFacts; readonly read: HostFacts }>;
}

/** `connect`: how it gets to the host; without it as the declaration says. */
export async function prepared(
  { declaration, operation }: Story,
  { host, deployed }: Scene,
  connect?: Connect,
): Promise<PreparedRun> {
  const { kind, given, unreached } = declaration;
  const managed = managedHost(host, connect ?? (unreached && unconfirmed(host, unreached)));
  const run = deployment(host, managed);
  const { vm } = given;
  const questions = { ...NO_QUESTIONS, vmConfigPaths: typeof vm === "string" && vm.startsWith("/") ? [vm] : [] };
  const facts = async () => ({
    known: await managed.facts("work", questions),
    read: await managedHost(host).facts("work", questions),
  });
  if (operation === "create" || !deployed) {
    await run.check(kind, given);
    return { facts, carryOut: () => run.create(kind, given) };
  }
  await run.read(deployed);
  if (operation === "delete") return { facts, carryOut: async () => void (await run.delete(deployed)) };
  return { facts, carryOut: async () => (await run.update(deployed, declaration.later ?? {})) ?? deployed };
}

/** The next run of the same program, and then the end of the resource. */
export async function goOn(
  { declaration, operation }: Story,
  host: MachineHost,
  after: Deployed | undefined,
  again?: "again",
): Promise<{ outs: Outs[]; ends: HostState[]; problems: string[] }> {
  const { kind } = declaration;
  const given = operation === "change" ? (declaration.later ?? {}) : declaration.given;
  const outs: Outs[] = [];
  const ends: HostState[] = [];
  const problems: string[] = [];
  let deployed = after;
  try {
    if (operation === "delete") {
      if (again && deployed) await deployment(host).delete(deployed);
    } else {
      if (deployed) deployed = (await deployment(host).update(deployed, given)) ?? deployed;
      else deployed = await deployment(host).create(kind, given);
      if (await deployment(host).update(deployed, given)) problems.push("the run after the next one still has steps");
      outs.push(await outputsOf(host, deployed));
      if (declaration.atBoot) {
        await host.reboot();
        outs.push(await outputsOf(host, deployed));
      }
      await deployment(host).delete(deployed);
    }
    ends.push(hostState(host.machine));
    await host.reboot();
    ends.push(hostState(host.machine));
  } catch (error) {
    problems.push(`the next run: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { outs, ends, problems };
}

async function outputsOf(host: MachineHost, deployed: Deployed): Promise<Outs> {
  const read = await deployment(host).read(deployed);
  const { bootId: _, bootChange: __, __claim: ___, ...outs } = read?.outs ?? { gone: true };
  return JSON.stringify(outs);
}

/** This host in a process that may get there in ways of its own. */
export function managedHost(
  host: MachineHost,
  connect: Connect = (purpose) => (purpose === "confirmation" ? host.connectOnce() : host.connect()),
): ManagedHost {
  return new ManagedHost(host.name, connect);
}

/** One run of the provider on this host. */
export function deployment(host: MachineHost, managed = managedHost(host)): Deployment {
  const login = { address: host.name, safety: { confirmSeconds: CONFIRM_SECONDS } };
  return new Deployment(login, "dev", () => managed);
}

/** A host that nobody reaches for the confirmation, or only over the connection that made the change. */
function unconfirmed(host: MachineHost, unreached: NonNullable<Declaration["unreached"]>): Connect {
  return async (purpose) => {
    if (purpose === "confirmation" && unreached === "no-answer") throw unanswered();
    return host.connect();
  };
}

/** What a provider finds where no new connection gets through. */
export function unanswered(): ConnectionError {
  return new ConnectionError("no-answer", "the host did not answer");
}
