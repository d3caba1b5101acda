import { setTimeout as delay } from "node:timers/promises";
import { ConnectionError, PassthroughError } from "../errors";
import { type Questions, UnreadableFactsError } from "../facts/answers";
import { bootTrialOf } from "../facts/boot-trial";
import type { HostFacts } from "../facts/host-facts";
import { FAILED_BOOT } from "../plan/hide/boot-trial";
import { isEmpty } from "../plan/plan";
import type { Trial } from "../script/trial";
import { REGENERATIONS } from "../steps/regeneration";
import { describeStep } from "../steps/steps";
import { readApplyEnd } from "./apply-end";
import { changeError, groupError, refusalError, unconfirmedError, type WaitingChange } from "./change";
import type { Connect } from "./connect";
import { CALLED_OFF, type Decision, type DialogueEnd, type NotBegun } from "./dialogue";
import { type FactsCache, NO_QUESTIONS } from "./facts-cache";
import { awaitReboot } from "./reboot-wait";
import { type Act, leavingBy, type Turn } from "./turn";

/** A turn, and the script for it. */
export interface DecidedTurn extends Decision {
  readonly turn: Turn<WaitingChange>;
  /** The host takes the change back unless it is confirmed. */
  readonly trial: Trial | undefined;
}

interface Circumstances {
  /** Those that the facts of the turn answer. */
  readonly questions: Questions;
  /** What has arrived meanwhile. A refused change joins it: it may wait for just that. */
  readonly waiting: WaitingChange[];
  readonly whyUnconfirmed: () => string | undefined;
}

/** The end of a dialogue in which the host was told to act. */
type ActEnd = Extract<DialogueEnd<DecidedTurn>, { kind: "ended" | "cut" }>;

/** A toolstack may still be starting when the boot of its host is complete: xl answers only once xenstored does. */
const FACTS_AFTER_BOOT_MS = 2 * 60_000;

/** What the turns of one host come to: tells those who wait for a change how it ended. */
export class TurnEnds {
  /** Those whose reboot is noted on the host already. */
  private readonly noted = new WeakSet<WaitingChange>();
  /** What the host said last that was no longer as it was planned on. */
  private changed = "nothing was said";

  constructor(
    private readonly host: string,
    private readonly cache: FactsCache,
    private readonly connect: Connect,
  ) {}

  /** Gives the changes that are left for the next turn. */
  async endTurn(
    changes: readonly WaitingChange[],
    end: DialogueEnd<DecidedTurn>,
    { questions, waiting, whyUnconfirmed }: Circumstances,
  ): Promise<readonly WaitingChange[]> {
    if (end.kind === "not-begun") {
      this.tellNotBegun(changes, end);
      return [];
    }
    this.cache.forget();
    const { facts, turn } = end.decision;
    const isMoreToCome = waiting.length > 0;
    for (const { change, plan } of turn.refused)
      if (isMoreToCome) waiting.push(change);
      else change.reject(refusalError(change, this.host, plan.refusals));
    for (const change of turn.settled) change.resolve(facts);
    if (end.kind === "nothing-to-do") this.cache.keep(facts, questions);
    else if (turn.act?.kind === "reboot") return [...turn.later, ...(await this.endReboot(turn.act, end))];
    else if (turn.act) return [...turn.later, ...(await this.endApply(turn.act, end, questions, whyUnconfirmed))];
    return turn.later;
  }

  /** Gives the changes that are left: those that need a reboot now, and those whose host had changed. */
  private async endApply(
    { planned }: Extract<Act<WaitingChange>, { kind: "apply" }>,
    end: ActEnd,
    questions: Questions,
    whyUnconfirmed: () => string | undefined,
  ): Promise<readonly WaitingChange[]> {
    const plans = planned.map(({ plan }) => plan);
    const left = leavingBy(end.decision.facts, plans);
    const confirmSeconds = end.decision.trial?.confirmSeconds ?? 0;
    const { result, facts } = await readApplyEnd(() => this.connect("work"), end, plans);
    if (facts) this.cache.keep(facts, questions);
    if (result.kind === "called-off") {
      this.tellNotBegun(
        planned.map(({ change }) => change),
        CALLED_OFF,
      );
      return [];
    }
    const current = await this.facts();
    const again: WaitingChange[] = [];
    for (const [index, { change, plan }] of planned.entries()) {
      const group = result.groups[index];
      if (group?.kind === "stale") this.changed = group.reason;
      if (group?.kind === "done" && plan.reboot) this.noted.add(change);
      const isCutOff = result.kind === "unfinished" && !isEmpty(change.plan(current));
      if (group?.kind === "stale" || (group?.kind === "done" && plan.reboot)) again.push(change);
      else if (group?.kind === "done" && isCutOff) change.reject(groupError(change, this.host, undefined));
      else if (group?.kind === "done") this.finish(change, current);
      else if (group?.kind === "unconfirmed")
        change.reject(unconfirmedError(change, this.host, group, { left, confirmSeconds, why: whyUnconfirmed() }));
      else change.reject(groupError(change, this.host, group));
    }
    return again;
  }

  /** Gives the change again if the host runs a boot on trial, which the next turn confirms. */
  private async endReboot(
    { change, reboot }: Extract<Act<WaitingChange>, { kind: "reboot" }>,
    end: ActEnd,
  ): Promise<readonly WaitingChange[]> {
    try {
      // Without an exit code the script was killed: the host may have been told to reboot before.
      if (end.kind === "ended" && end.exitCode !== null && end.exitCode !== 0)
        throw new PassthroughError(
          `the host did not go down, and said: ${end.said || "nothing"}. Fix that, then try again`,
        );
      await awaitReboot({ connect: () => this.connect("preview"), progress: change.progress }, reboot);
      const facts = await this.factsAfterBoot();
      const trial = bootTrialOf(facts);
      if (trial === "went-back") throw new PassthroughError(FAILED_BOOT);
      if (trial === "unconfirmed") return [change];
      this.finish(change, facts);
    } catch (error) {
      if (!(error instanceof PassthroughError)) throw error;
      change.reject(error instanceof ConnectionError ? error : changeError(change, this.host, error.message));
    }
    return [];
  }

  /** For changes that are left after the last turn. */
  tellChanging(changes: readonly WaitingChange[]): void {
    const reason = `the host kept changing while this was planned (${this.changed}). Try again when nobody else is changing it`;
    for (const change of changes) change.reject(changeError(change, this.host, reason));
  }

  private tellNotBegun(changes: readonly WaitingChange[], { why, advice }: NotBegun): void {
    for (const change of changes) {
      const state = this.noted.has(change)
        ? "The host has a note of the reboot, and was not rebooted"
        : "Nothing was changed";
      change.reject(changeError(change, this.host, `${why}. ${state}; ${advice}`));
    }
  }

  private facts(): Promise<HostFacts> {
    return this.cache.get("work", NO_QUESTIONS);
  }

  private async factsAfterBoot(): Promise<HostFacts> {
    const giveUp = Date.now() + FACTS_AFTER_BOOT_MS;
    for (;;) {
      try {
        const facts = await this.facts();
        if (facts.domains.kind === "listed" || Date.now() > giveUp) return facts;
        this.cache.forget();
      } catch (error) {
        if (!(error instanceof UnreadableFactsError) || Date.now() > giveUp) throw error;
      }
      await delay(2000);
    }
  }

  /** The host's state counts, not the exit codes: a change whose plan is not empty now has failed. */
  private finish(change: WaitingChange, facts: HostFacts): void {
    const plan = change.plan(facts);
    if (isEmpty(plan)) {
      change.resolve(facts);
      return;
    }
    const left = [
      ...plan.steps.map((step) => describeStep(step)),
      ...plan.regenerate.map(({ what }) => REGENERATIONS[what].describe),
      ...(plan.reboot ? ["reboot"] : []),
    ].join("; ");
    const reason = `every command succeeded, but the host still needs: ${left}. Check its logs, then run "pulumi up" again`;
    change.reject(changeError(change, this.host, reason));
  }
}
