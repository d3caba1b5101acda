import { ConnectionError, PassthroughError } from "../../provider/errors";
import type { Host } from "../../provider/host/host";
import { ManagedHost } from "../../provider/resources/managed-host";
import { GOING_DOWN } from "../../provider/script/opening-script";
import type { Moment } from "../../simulator/faults";
import { findProfile } from "../../simulator/profiles/profiles";
import { type Deployed, Deployment } from "../contract/deployment";
import type { Declaration } from "./declarations";
import { describeMoment, type FaultName, faultsAt, Mishap, Points } from "./fault";
import { differences, type HostState, hostState, isLeftToNext, isOwnFolder } from "./host-state";
import { withKnownIds } from "./known-ids";
import { MachineHost } from "./machine-host";

/** What a run of the program does with a resource. */
export const OPERATIONS = ["create", "change", "delete"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** One run of the program on a host. */
export interface Story {
  readonly declaration: Declaration;
  readonly operation: Operation;
}

/** A moment of a story, and something that goes wrong there. */
export interface Point {
  /** Counted from 0. */
  readonly number: number;
  readonly what: string;
  readonly fault: FaultName;
}

/** A story in which nothing goes wrong. */
export interface GoodStory {
  readonly points: readonly Point[];
  /** The outputs after it, and after the reboot that brings it about. */
  readonly outs: readonly Outs[];
  /** The hosts after everything is taken back, and after one more reboot. */
  readonly ends: readonly HostState[];
}

type Outs = string;

/** A host before the run in which something may go wrong. */
interface Scene {
  readonly host: MachineHost;
  readonly deployed: Deployed | undefined;
}

/** The stories of a declaration. */
export function storiesOf(declaration: Declaration): readonly Story[] {
  const { later, unreached } = declaration;
  const operations = unreached ? ["create" as const] : OPERATIONS.filter((name) => name !== "change" || later);
  return operations.map((operation) => ({ declaration, operation }));
}

const TAKEN_BACK = /: the host could not be reached after .* left \S+; it took the change back by itself after 10 s$/;

/** Plays a story without any fault. Throws when something of it fails. */
export function playWell(story: Story): Promise<GoodStory> {
  return withKnownIds(async () => {
    const scene = await begin(story);
    const { host } = scene;
    const moments: (readonly [Moment, readonly FaultName[], string])[] = [];
    host.asksAllFacts = hasFacts(story);
    const run = await prepared(story, scene);
    const points = new Points();
    let fsyncs = 0;
    let asking = false;
    host.machine.faults.watch = (moment) => {
      if (moment.kind === "command" && /^(dd|sync)\b/.test(moment.line)) fsyncs++;
      if (moment.kind === "command" && moment.line.startsWith("echo @facts-")) asking = moment.line.endsWith("begin");
      if (!points.has(moment)) return undefined;
      const state = [...hostState(host.machine)].flat().join("\n");
      const faults: readonly FaultName[] = asking && moment.kind === "command" ? ["fails"] : faultsAt(moment, host);
      moments.push([moment, faults, `${fsyncs} ${state}`]);
      return undefined;
    };
    const deployed = await run().catch((error: Error) => {
      if (!story.declaration.unreached || !TAKEN_BACK.test(error.message)) throw error;
      return undefined;
    });
    host.machine.faults.watch = undefined;
    host.asksAllFacts = false;
    const { outs, ends, problems } = await goOn(story, host, deployed);
    if (problems.length > 0) throw new Error(`${idOf(story)} without a fault: ${problems.join("\n")}`);
    return { points: pointsOf(moments), outs, ends };
  });
}

/** A host that stops where all is as at the point before is not tried again. */
function pointsOf(moments: readonly (readonly [Moment, readonly FaultName[], string])[]): readonly Point[] {
  const stopped = new Set<string>();
  return moments.flatMap(([moment, faults, state], number) =>
    faults
      .filter((fault) => {
        if (fault !== "killed" && fault !== "power" && fault !== "down") return true;
        const key = `${fault} ${state}`;
        if (stopped.has(key)) return false;
        stopped.add(key);
        return true;
      })
      .map((fault) => ({ number, what: describeMoment(moment), fault })),
  );
}

/** Plays a story in which something goes wrong at one point; what does not hold then, one line each. */
export function playBadly(story: Story, good: GoodStory, point: Point): Promise<readonly string[]> {
  return withKnownIds(async () => {
    const scene = await begin(story);
    const { host } = scene;
    const { machine } = host;
    host.asksAllFacts = hasFacts(story);
    const run = await prepared(story, scene);
    const before = hostState(machine);
    const mishap = new Mishap(host, point.fault, point.number);
    let deployed = scene.deployed;
    let error: unknown;
    try {
      deployed = await run();
    } catch (thrown) {
      error = thrown;
    }
    await host.connect();
    machine.faults.watch = undefined;
    host.asksAllFacts = false;
    // The host that takes it back does so in two processes, which come to their moments as they please.
    if (!mishap.moment) return story.declaration.unreached ? [] : ["the run did not get to this point"];
    const problems = error === undefined ? [] : lies(error, before, hostState(machine));
    // Killed while it told the host to reboot: for a quarter of an hour nobody knows whether the host goes down.
    if (error !== undefined && machine.files.exists(GOING_DOWN)) machine.files.remove(GOING_DOWN);
    const next = await goOn(story, host, deployed, error === undefined ? undefined : "again");
    problems.push(...next.problems);
    if (next.problems.length > 0) return said(error, problems);
    const wentDown = point.fault === "power" || point.fault === "down";
    if (next.outs.join("\n") !== good.outs.join("\n") && !wentDown)
      problems.push(`outputs: ${next.outs.join(" ")} instead of ${good.outs.join(" ")}`);
    const [end, last] = next.ends;
    const [goodEnd, goodLast] = good.ends;
    if (!end || !last || !goodEnd || !goodLast) return ["it has no end"];
    // Empty folders that a run could not tidy up are left to the next one that changes something; none may come here.
    const left = (good: HostState, found: HostState) =>
      differences(good, found).filter((line) => story.operation !== "delete" || !isOwnFolder(line));
    if (!wentDown) problems.push(...left(goodEnd, end).map((line) => `at the end, ${line}`));
    problems.push(...left(goodLast, last).map((line) => `after the last reboot, ${line}`));
    return said(error, problems);
  });
}

function said(error: unknown, problems: readonly string[]): readonly string[] {
  if (problems.length === 0 || error === undefined) return problems;
  return [`the run said: ${error instanceof Error ? error.message : String(error)}`, ...problems];
}

/** What the failed run said and is not so. */
function lies(error: unknown, before: HostState, after: HostState): string[] {
  if (!(error instanceof PassthroughError))
    return [`not an error for users: ${error instanceof Error ? error.stack : String(error)}`];
  const claim = /Nothing was changed|All steps were undone|it took the change back by itself after \d+ s(?!, but)/.exec(
    error.message,
  )?.[0];
  if (claim === undefined) return [];
  // What libxl remembers of a device in xenstore is no state of the device.
  const different = differences(before, after).filter(
    (line) => !line.startsWith("xenstore ") && !isOwnFolder(line) && !isLeftToNext(line),
  );
  return different.map((line) => `"${claim}" is not so: ${line}`);
}

/** `debian-xl HiddenPciDevice create`: what a filter of the runner names. */
export function idOf({ declaration, operation }: Story): string {
  return `${declaration.profile} ${declaration.name} ${operation}`;
}

/** `debian-xl HiddenPciDevice create 17 killed`. */
export function idOfCase(story: Story, { number, fault }: Point): string {
  return `${idOf(story)} ${number} ${fault}`;
}

/** The questions of all applies are the same, so their commands fail in one story of each host. */
function hasFacts({ declaration, operation }: Story): boolean {
  return declaration.name === "AssignableDevice" && operation === "create";
}

async function begin({ declaration, operation }: Story): Promise<Scene> {
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

/** The run of the program, its facts read: a fault then meets its apply alone. */
async function prepared(
  { declaration, operation }: Story,
  { host, deployed }: Scene,
): Promise<() => Promise<Deployed | undefined>> {
  const { kind, given, unreached } = declaration;
  const run = deployment(host, unreached && CONFIRM[unreached]);
  if (operation === "create" || !deployed) {
    await run.check(kind, given);
    return () => run.create(kind, given);
  }
  await run.read(deployed);
  if (operation === "delete") return async () => void (await run.delete(deployed));
  return async () => (await run.update(deployed, declaration.later ?? {})) ?? deployed;
}

/** The next run of the same program, and then the end of the resource. */
async function goOn(
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

type Confirm = (host: MachineHost) => Promise<Host>;

function deployment(host: MachineHost, confirm: Confirm = () => host.connectOnce()): Deployment {
  const managed = new ManagedHost(host.name, (purpose) =>
    purpose === "confirmation" ? confirm(host) : host.connect(),
  );
  const login = { address: host.name, safety: { confirmSeconds: 10 } };
  return new Deployment(login, "dev", () => managed);
}

/** The connection over which a story confirms that is not to be confirmed. */
const CONFIRM: Readonly<Record<NonNullable<Declaration["unreached"]>, Confirm>> = {
  "no-answer": async () => {
    throw new ConnectionError("no-answer", "the host did not answer");
  },
  multiplexed: (host) => host.connect(),
};
