import { setTimeout as delay } from "node:timers/promises";
import { ConnectionError, PassthroughError } from "../errors";
import { UnreadableFactsError } from "../facts/answers";
import type { HostFacts } from "../facts/host-facts";
import type { Host } from "../host/host";
import { isEmpty, simulatePlan } from "../plan/plan";
import type { GroupResult } from "../script/apply-result";
import { REGENERATIONS } from "../steps/regeneration";
import { describeStep } from "../steps/steps";
import { type ApplyOutcome, type PlannedChange, runApply } from "./apply-run";
import { type Change, changeError, refusalError } from "./change";
import { type FactsCache, NO_QUESTIONS, type Patience } from "./facts-cache";
import { rebootHost } from "./reboot-wait";

interface WaitingChange extends Change {
  readonly resolve: (facts: HostFacts) => void;
  readonly reject: (error: Error) => void;
}

/** Changes that arrive within this time become one apply: one initramfs for eight hidden functions. */
const GATHER_MS = 100;
const MOST_PLANS = 5;
/** A toolstack may still be starting when the boot of its host is complete: xl answers only once xenstored does. */
const FACTS_AFTER_BOOT_MS = 2 * 60_000;

/**
 * The changes that wait for one host. Changes that wait at the same time are planned one after the other and applied
 * together.
 */
export class ChangeQueue {
  private readonly waiting: WaitingChange[] = [];
  private applying = false;

  constructor(
    private readonly host: string,
    private readonly cache: FactsCache,
    private readonly connect: (patience: Patience) => Promise<Host>,
  ) {}

  /** Makes a change; resolves with the facts after it. Rejects with PassthroughError. */
  add(change: Change): Promise<HostFacts> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ...change, resolve, reject });
      if (!this.applying) {
        this.applying = true;
        void this.applyAll();
      }
    });
  }

  private async applyAll(): Promise<void> {
    while (this.waiting.length > 0) {
      await delay(GATHER_MS);
      const changes = this.waiting.splice(0);
      try {
        await this.applyTogether(changes, MOST_PLANS);
      } catch (error) {
        for (const change of changes) change.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.applying = false;
  }

  private async applyTogether(changes: readonly WaitingChange[], plansLeft: number): Promise<void> {
    const facts = await this.facts();
    const planned: PlannedChange<WaitingChange>[] = [];
    let expected = facts;
    for (const change of changes) {
      const plan = change.plan(expected);
      const refusal = refusalError(change, this.host, plan);
      if (refusal) change.reject(refusal);
      else if (isEmpty(plan)) change.resolve(facts);
      else {
        planned.push({ change, plan });
        expected = simulatePlan(expected, plan);
      }
    }
    const reboots = planned.filter(({ plan }) => plan.reboot);
    const others = planned.filter(({ plan }) => !plan.reboot);
    if (others.length > 0) await this.applyPlanned(others, plansLeft);
    // Planned again: the changes just applied may be what the reboot is for.
    if (reboots.length > 0 && others.length > 0) {
      await this.applyTogether(
        reboots.map(({ change }) => change),
        plansLeft,
      );
    } else if (reboots.length > 0) await this.applyPlanned(reboots, plansLeft);
  }

  private async applyPlanned(planned: readonly PlannedChange<WaitingChange>[], plansLeft: number): Promise<void> {
    const { questions } = this.cache;
    const outcome = await runApply(() => this.connect("work"), planned, questions).catch((error: unknown) => {
      this.cache.forget();
      throw error;
    });
    if (outcome.facts) this.cache.keep(outcome.facts, questions);
    else this.cache.forget();
    const { result } = outcome;
    if (result.kind === "busy" || result.kind === "not-begun") {
      const reason = whyNotBegun(result.kind, outcome);
      for (const { change } of planned) change.reject(changeError(change, this.host, reason));
      return;
    }
    const current = await this.facts();
    const stale: WaitingChange[] = [];
    for (const [index, { change, plan }] of planned.entries()) {
      const group = result.groups[index];
      if (group?.kind === "done" && plan.reboot) await this.reboot(change);
      else if (group?.kind === "done" && result.kind === "unfinished" && !isEmpty(change.plan(current)))
        change.reject(this.failure(change, undefined));
      else if (group?.kind === "done") this.finish(change, current);
      else if (group?.kind === "stale" && plansLeft > 1) stale.push(change);
      else change.reject(this.failure(change, group));
    }
    if (stale.length > 0) await this.applyTogether(stale, plansLeft - 1);
  }

  /** Plans once more with the latest facts: a VM may have been started since. */
  private async reboot(change: WaitingChange): Promise<void> {
    try {
      const plan = change.plan(await this.facts());
      const refusal = refusalError(change, this.host, plan);
      if (refusal) return change.reject(refusal);
      if (plan.reboot) {
        await rebootHost({ connect: () => this.connect("preview"), progress: change.progress }, plan.reboot);
        this.cache.forget();
      }
      this.finish(change, await this.factsAfterBoot());
    } catch (error) {
      this.cache.forget();
      if (!(error instanceof PassthroughError)) throw error;
      change.reject(error instanceof ConnectionError ? error : changeError(change, this.host, error.message));
    }
  }

  private facts(): Promise<HostFacts> {
    return this.cache.get("work", NO_QUESTIONS);
  }

  private async factsAfterBoot(): Promise<HostFacts> {
    const giveUp = Date.now() + FACTS_AFTER_BOOT_MS;
    for (;;) {
      try {
        return await this.facts();
      } catch (error) {
        if (!(error instanceof UnreadableFactsError) || Date.now() > giveUp) throw error;
        await delay(2000);
      }
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

  private failure(change: WaitingChange, group: GroupResult | undefined): PassthroughError {
    if (group?.kind === "failed") {
      const undone =
        group.notUndone.length === 0
          ? "All steps were undone"
          : `Undoing it failed too (${group.notUndone.map(({ step, output }) => output || step).join("; ")}): check the host before you go on`;
      const reason = `could not ${group.step}. The host said: ${group.output || "nothing"}. ${undone}`;
      return changeError(change, this.host, reason, { step: group.step, output: group.output });
    }
    if (group?.kind === "unknown") {
      const reason = `it is not known whether the host could ${group.step}: the command had not ended in time, and may still do so. The host said: ${group.output || "nothing"}. Nothing was undone. Run "pulumi up" again when the host is idle: it continues from the state that it finds`;
      return changeError(change, this.host, reason, { step: group.step, output: group.output });
    }
    if (group?.kind === "stale") {
      const reason = `the host kept changing while this was planned (${group.reason}). Nothing was changed; try again when nobody else is changing the host`;
      return changeError(change, this.host, reason, { output: group.reason });
    }
    const reason =
      'the host went down, or the script was killed before it ended. Run "pulumi up" again when the host is back: it continues from the state that it finds';
    return changeError(change, this.host, reason);
  }
}

function whyNotBegun(kind: "busy" | "not-begun", { said }: ApplyOutcome): string {
  return kind === "busy"
    ? "another run has held the host's lock for a quarter of an hour. Nothing was changed; try again when that run has ended"
    : `the host could not start the script${said ? `, and said: ${said}` : ""}. Nothing was changed; fix that and try again`;
}
