import assert from "node:assert/strict";
import { PassthroughError } from "../../provider/errors";
import { GOING_DOWN } from "../../provider/script/opening-script";
import type { Moment } from "../../simulator/faults";
import type { Declaration } from "./declarations";
import { describeMoment, type FaultName, faultsAt, Mishap, Points } from "./fault";
import { differences, type HostState, hostState, isLeftToNext, isOwnFolder } from "./host-state";
import { withKnownIds } from "./known-ids";
import { begin, goOn, OPERATIONS, type Outs, prepared, type Story, TAKEN_BACK } from "./scene";
import { isTrap, SetTrap, type TrapName, trapsOn } from "./trap";

/** A moment of a story, and something that goes wrong there. */
export interface Point {
  /** Counted from 0. */
  readonly number: number;
  readonly what: string;
  readonly fault: FaultName | TrapName;
}

/** A story in which nothing goes wrong. */
export interface GoodStory {
  readonly points: readonly Point[];
  /** The outputs after it, and after the reboot that brings it about. */
  readonly outs: readonly Outs[];
  /** The hosts after everything is taken back, and after one more reboot. */
  readonly ends: readonly HostState[];
}

/** The stories of a declaration. */
export function storiesOf(declaration: Declaration): readonly Story[] {
  const { later, unreached } = declaration;
  const operations = unreached ? ["create" as const] : OPERATIONS.filter((name) => name !== "change" || later);
  return operations.map((operation) => ({ declaration, operation }));
}

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
    const deployed = await run.carryOut().catch((error: Error) => {
      if (!story.declaration.unreached || !TAKEN_BACK.test(error.message)) throw error;
      return undefined;
    });
    host.machine.faults.watch = undefined;
    host.asksAllFacts = false;
    // Only what the steps say that they change was read after them.
    const { known, read } = await run.facts();
    assert.deepEqual(known, read, `${idOf(story)} changes more than its steps say`);
    const { outs, ends, problems } = await goOn(story, host, deployed);
    if (problems.length > 0) throw new Error(`${idOf(story)} without a fault: ${problems.join("\n")}`);
    const traps = story.declaration.unreached === "no-answer" ? trapsOn(host) : [];
    return { points: [...pointsOf(moments), ...traps.map(trapPoint)], outs, ends };
  });
}

function trapPoint(fault: TrapName): Point {
  return { number: 0, what: "while the host waits for the confirmation", fault };
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
    const { fault } = point;
    const trap = isTrap(fault) ? new SetTrap(fault, story, host) : undefined;
    const run = await prepared(story, scene, trap?.connect);
    const before = hostState(machine);
    const mishap = isTrap(fault) ? undefined : new Mishap(host, fault, point.number);
    let deployed = scene.deployed;
    let error: unknown;
    try {
      deployed = await (trap ? trap.whileAlive(run.carryOut()) : run.carryOut());
    } catch (thrown) {
      error = thrown;
    }
    await host.connect();
    machine.faults.watch = undefined;
    host.asksAllFacts = false;
    // The host that takes it back does so in two processes, which come to their moments as they please.
    if (mishap && !mishap.moment) return story.declaration.unreached ? [] : ["the run did not get to this point"];
    const problems = [...((await trap?.problems(error)) ?? [])];
    if (error !== undefined) problems.push(...lies(error, before, hostState(machine)));
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
