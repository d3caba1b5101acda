import { setTimeout as delay } from "node:timers/promises";
import type { Questions } from "../facts/answers";
import type { HostFacts } from "../facts/host-facts";
import { readProgress } from "../script/apply-result";
import { applyScript } from "../script/apply-script";
import { readConfirmRequest } from "../script/confirmation-script";
import type { Locking } from "../script/opening-script";
import { rebootScript } from "../script/reboot-script";
import type { AskedChanges } from "./asked-changes";
import { type Change, changeError, type WaitingChange } from "./change";
import { confirmTrial } from "./confirmation";
import type { Connect } from "./connect";
import { converse } from "./dialogue";
import { whyEnded } from "./endable";
import type { FactsCache } from "./facts-cache";
import { groupOf, planTurn, trialOf } from "./turn";
import { type DecidedTurn, TurnEnds } from "./turn-ends";

/** How a turn begins. */
interface Beginning {
  readonly locking: Locking;
  /** Gives what came meanwhile. Called with the facts, and the questions that they answer; the host waits for it. */
  readonly ready: (facts: HostFacts, questions: Questions) => Promise<readonly WaitingChange[]>;
}

/**
 * Changes of one host that the engine asks for together become one apply: one initramfs for eight hidden functions. It asks
 * for those that it may begin at once, mostly host by host, and for no more of any while none of them has ended. So a host's
 * changes are all there when so many of other hosts were asked for since, or none at all for so long.
 */
const GATHERED = { others: 2, silenceMs: 100, mostMs: 500 };
/** So long is a lock kept for changes that are to come: the engine asks for them as soon as it has checked them. */
const COMING = { mostMs: 1000, stepMs: 30 };
/** So old may facts be that say that there is nothing to do. */
const RECENT_MS = 30_000;
/** An apply, the note of a reboot, the reboot; and some more for a host that changes between the facts and the steps. */
const MOST_TURNS = 8;

/**
 * The changes that wait for one host. Those that wait at the same time are planned one after the other, on facts read
 * under the host's lock, and applied together.
 */
export class ChangeQueue {
  private readonly waiting: WaitingChange[] = [];
  private applying = false;
  /** How many changes of all hosts had been asked for when the last one of this host was. */
  private asked = 0;
  /** Those whose steps the host was told, or is being told. */
  private readonly sent = new WeakSet<WaitingChange>();
  private readonly ends: TurnEnds;

  constructor(
    private readonly host: string,
    private readonly cache: FactsCache,
    private readonly connect: Connect,
    private readonly ofAllHosts: AskedChanges,
  ) {
    this.ends = new TurnEnds(host, cache, connect);
  }

  /** Makes a change; resolves with the facts after it. Rejects with PassthroughError. */
  add(change: Change): Promise<HostFacts> {
    let forget = () => {};
    const made = new Promise<HostFacts>((resolve, reject) => {
      const waiting = { ...change, resolve, reject };
      const callOff = () => this.callOff(waiting);
      change.signal?.addEventListener("abort", callOff);
      forget = () => change.signal?.removeEventListener("abort", callOff);
      if (change.signal?.aborted) this.callOff(waiting);
      this.waiting.push(waiting);
      this.asked = this.ofAllHosts.note();
      if (!this.applying) {
        this.applying = true;
        void this.applyAll();
      }
    });
    return made.finally(forget);
  }

  /**
   * Reads the facts under the lock, for changes that are to come: those that come soon are made in the same dialogue.
   * Undefined when changes are being made, by this process or another. Rejects with ConnectionError or
   * UnreadableFactsError.
   */
  begin(): Promise<HostFacts | undefined> {
    if (this.applying) return Promise.resolve(undefined);
    this.applying = true;
    return new Promise((resolve, reject) => {
      const ready = (facts: HostFacts, questions: Questions) => {
        resolve(facts);
        return this.coming(questions);
      };
      const left = this.takeTurn([], { locking: "if-free", ready });
      left.then(() => resolve(undefined), reject);
      void this.rejectOnError([], async () => this.takeTurns(await left)).then(() => this.applyAll());
    });
  }

  /** A change that the host was told of goes to its end. */
  private callOff(change: WaitingChange): void {
    if (this.sent.has(change)) return;
    change.reject(changeError(change, this.host, `${whyEnded(change.signal)}. Nothing was changed`));
  }

  private async applyAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const changes = this.waiting.splice(0);
      await this.rejectOnError(changes, async () =>
        this.takeTurns(await this.withoutSettled(changes.filter(isWanted))),
      );
    }
    this.applying = false;
  }

  private async rejectOnError(changes: readonly WaitingChange[], apply: () => Promise<void>): Promise<void> {
    try {
      await apply();
    } catch (error) {
      this.cache.forget();
      rejectAll(changes, error);
    }
  }

  /** The changes that come soon. */
  private async coming(questions: Questions): Promise<readonly WaitingChange[]> {
    for (let waited = 0; waited < COMING.mostMs && this.waiting.length === 0; waited += COMING.stepMs)
      await delay(COMING.stepMs);
    return this.gather(questions);
  }

  /** All changes, once they wait; none where they ask what the host was not asked, since those need other facts. */
  private async gather(questions: Questions): Promise<readonly WaitingChange[]> {
    const giveUp = Date.now() + GATHERED.mostMs;
    while (this.ofAllHosts.count < this.asked + GATHERED.others && Date.now() < giveUp)
      if (!(await this.ofAllHosts.next(GATHERED.silenceMs))) break;
    return this.cache.isAnswered(questions) ? this.waiting.splice(0) : [];
  }

  private async takeTurns(changes: readonly WaitingChange[]): Promise<void> {
    const ready = (_: HostFacts, questions: Questions) => this.gather(questions);
    let left = changes.filter(isWanted);
    for (let turns = 0; left.length > 0 && turns < MOST_TURNS; turns += 1)
      left = (await this.takeTurn(left, { locking: "wait", ready })).filter(isWanted);
    this.ends.tellChanging(left);
  }

  /** Facts that are kept decide nothing but whether there is anything to do. */
  private async withoutSettled(changes: readonly WaitingChange[]): Promise<readonly WaitingChange[]> {
    const facts = await this.cache.recent(RECENT_MS);
    if (!facts) return changes;
    const { settled } = planTurn(facts, changes);
    for (const change of settled) change.resolve(facts);
    return changes.filter((change) => !settled.includes(change));
  }

  /** One dialogue with the host; gives the changes that are left for the next. */
  private async takeTurn(
    known: readonly WaitingChange[],
    { locking, ready }: Beginning,
  ): Promise<readonly WaitingChange[]> {
    const changes = new Set(known);
    const { questions } = this.cache;
    const run = new AbortController();
    let isAsked = false;
    let coming: Promise<readonly WaitingChange[]> | undefined;
    let unconfirmed: string | undefined;
    const confirm = (runId: string, seconds: number): void => {
      if (isAsked) return;
      isAsked = true;
      const onFailure = (why: string): void => {
        unconfirmed = why;
      };
      void confirmTrial(() => this.connect("confirmation"), { runId, seconds, signal: run.signal, onFailure });
    };
    try {
      const end = await converse(
        () => this.connect("work"),
        { questions, locking },
        {
          decide: async (facts, runId) => {
            // Where the connection was cut meanwhile, two dialogues wait: what only the dead one took would never be made.
            coming ??= ready(facts, questions);
            for (const change of await coming) changes.add(change);
            const planned = decide(facts, [...changes].filter(isWanted), runId);
            const { act } = planned.turn;
            const told = act?.kind === "reboot" ? [act.change] : (act?.planned ?? []).map(({ change }) => change);
            for (const change of told) this.sent.add(change);
            return planned;
          },
          onLine: (line, runId) => {
            const seconds = readConfirmRequest(line);
            if (seconds !== undefined) confirm(runId, seconds);
            tellProgress(line, [...changes]);
          },
        },
      );
      // The line may be lost with the connection.
      if (end.kind === "cut" && end.decision.trial) confirm(end.runId, end.decision.trial.confirmSeconds);
      const { waiting } = this;
      return await this.ends.endTurn([...changes], end, { questions, waiting, whyUnconfirmed: () => unconfirmed });
    } catch (error) {
      // Whoever waits for this knows nothing of those that came meanwhile.
      rejectAll([...changes], error);
      throw error;
    } finally {
      run.abort();
    }
  }
}

function rejectAll(changes: readonly WaitingChange[], error: unknown): void {
  for (const change of changes) change.reject(error instanceof Error ? error : new Error(String(error)));
}

/** Whether nobody has ended it. */
function isWanted({ signal }: Change): boolean {
  return !signal?.aborted;
}

function decide(facts: HostFacts, changes: readonly WaitingChange[], runId: string): DecidedTurn {
  const turn = planTurn(facts, changes);
  const { act } = turn;
  if (!act) return { facts, turn, trial: undefined, rest: undefined };
  if (act.kind === "reboot") return { facts, turn, trial: undefined, rest: rebootScript(runId, act.reboot) };
  const trial = trialOf(act.planned);
  return { facts, turn, trial, rest: applyScript(runId, act.planned.map(groupOf), trial) };
}

/** Reported once for all changes, because they are one script. */
function tellProgress(line: string, [first]: readonly WaitingChange[]): void {
  const progress = readProgress(line);
  if (progress !== undefined) first?.progress(progress);
}
