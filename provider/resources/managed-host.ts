import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { fromBytes } from "../bytes";
import { ConnectionError, PassthroughError } from "../errors";
import type { Questions } from "../facts/answers";
import { UnreadableFactsError } from "../facts/answers";
import { type HostFacts, readHostFacts } from "../facts/host-facts";
import type { Host } from "../host/host";
import type { Plan } from "../plan/plan";
import type { Toolstack } from "../plan/toolstack";
import { type ApplyResult, type GroupResult, readApplyResult } from "../script/apply-result";
import { applyScript, factsScript, resultScript, separateSteps } from "../script/apply-script";
import { simulate } from "../steps/simulate";
import type { Reboot } from "../steps/step";
import { rebootHost } from "./reboot-wait";

/** One change that waits for its host. */
export interface Change {
  /** Made anew from the facts of the moment, and again after the apply, when it must be empty. */
  readonly plan: (facts: HostFacts) => Plan;
  /** How errors begin: "make 0000:01:00.0 assignable". */
  readonly purpose: string;
  /** Told now and then what the host does, while that takes long. */
  readonly progress?: (line: string) => void;
}

interface WaitingChange extends Change {
  readonly resolve: (facts: HostFacts) => void;
  readonly reject: (error: Error) => void;
}

/** How to get a connection to the host; called again after one was cut. */
export type Connect = (patience: Patience) => Promise<Host>;

/** A preview gives up on a silent host soon; what changes or reads a host for good waits for a busy one. */
export type Patience = "preview" | "work";

/** Changes that arrive within this time become one apply: one initramfs for eight hidden functions. */
const GATHER_MS = 100;
const MOST_PLANS = 5;
const RECONNECT_MS = 10 * 60_000;
/** A toolstack may still be starting when the boot of its host has ended: xl answers once xenstored does. */
const FACTS_AFTER_BOOT_MS = 2 * 60_000;

/** A host in this process: its facts, kept until an apply ends, and the one queue of changes to it. */
export class ManagedHost {
  private known: Promise<HostFacts> | undefined;
  private readonly vmConfigPaths = new Set<string>();
  private asksLibvirt = false;
  private readonly waiting: WaitingChange[] = [];
  private applying = false;
  private warned = false;

  constructor(
    readonly name: string,
    private readonly connect: Connect,
  ) {}

  /** Facts that hold since the last apply of this process. Throws ConnectionError or UnreadableFactsError. */
  facts(patience: Patience, vmConfigPath?: string): Promise<HostFacts> {
    if (vmConfigPath?.startsWith("/") && !this.vmConfigPaths.has(vmConfigPath)) {
      this.vmConfigPaths.add(vmConfigPath);
      this.known = undefined;
    }
    this.known ??= this.read(patience).catch((error: unknown) => {
      this.known = undefined;
      throw error;
    });
    return this.known;
  }

  /** The program names a toolstack that is not the first choice on such a host: its facts are asked for, too. */
  useToolstack(toolstack: Toolstack | undefined): void {
    if (toolstack !== "libvirt" || this.asksLibvirt) return;
    this.asksLibvirt = true;
    this.known = undefined;
  }

  /** A warning that is said once for the host, however many resources it has. */
  async warnOnce(line: string, log: { warn(line: string): Promise<void> }): Promise<void> {
    if (this.warned) return;
    this.warned = true;
    await log.warn(line);
  }

  /** Makes a change together with those that wait at the same time; resolves with the facts after it. */
  apply(change: Change): Promise<HostFacts> {
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
    const facts = await this.facts("work");
    const planned: PlannedChange[] = [];
    let then = facts;
    for (const change of changes) {
      const plan = change.plan(then);
      const [refusal] = plan.refusals;
      if (refusal) change.reject(this.unable(change, refusal.message));
      else if (plan.steps.length === 0) change.resolve(facts);
      else {
        planned.push({ change, plan });
        then = simulate(then, plan.steps);
      }
    }
    const reboots = planned.filter(({ plan }) => rebootOf(plan));
    const others = planned.filter(({ plan }) => !rebootOf(plan));
    if (others.length > 0) await this.applyPlanned(others, plansLeft);
    // Planned anew: what was changed before it may be what a reboot waits for.
    if (reboots.length > 0 && others.length > 0) {
      await this.applyTogether(
        reboots.map(({ change }) => change),
        plansLeft,
      );
    } else if (reboots.length > 0) await this.applyPlanned(reboots, plansLeft);
  }

  private async applyPlanned(planned: readonly PlannedChange[], plansLeft: number): Promise<void> {
    const { result, said, facts: after } = await this.run(planned);
    this.known = after && Promise.resolve(after);
    if (result.kind === "busy" || result.kind === "not-begun") {
      const reason =
        result.kind === "busy"
          ? "another run has held the host's lock for a quarter of an hour. Nothing was changed; try again when it has ended"
          : `the host could not begin${said ? `, and said: ${said}` : ""}. Nothing was changed`;
      for (const { change } of planned) change.reject(this.unable(change, reason));
      return;
    }
    const current = await this.facts("work");
    const stale: WaitingChange[] = [];
    for (const [at, { change, plan }] of planned.entries()) {
      const outcome = result.groups.get(at + 1);
      if (outcome?.kind === "done" && rebootOf(plan)) await this.rebootFor(change);
      else if (outcome?.kind === "done") this.finish(change, current);
      else if (outcome?.kind === "stale" && plansLeft > 1) stale.push(change);
      else change.reject(this.unable(change, whyNot(outcome, plan)));
    }
    if (stale.length > 0) await this.applyTogether(stale, plansLeft - 1);
  }

  /** Judged once more on the newest facts: a VM may have been started since. */
  private async rebootFor(change: WaitingChange): Promise<void> {
    try {
      const plan = change.plan(await this.facts("work"));
      const [refusal] = plan.refusals;
      const step = rebootOf(plan);
      if (refusal) throw new PassthroughError(refusal.message);
      if (step) {
        const connect = () => this.connect("preview");
        await rebootHost({ connect, progress: change.progress ?? (() => {}) }, step);
        this.known = undefined;
      }
      this.finish(change, await this.factsAfterBoot());
    } catch (error) {
      this.known = undefined;
      if (!(error instanceof PassthroughError)) throw error;
      change.reject(error instanceof ConnectionError ? error : this.unable(change, error.message));
    }
  }

  private async factsAfterBoot(): Promise<HostFacts> {
    const giveUp = Date.now() + FACTS_AFTER_BOOT_MS;
    for (;;) {
      try {
        return await this.facts("work");
      } catch (error) {
        if (!(error instanceof UnreadableFactsError) || Date.now() > giveUp) throw error;
        await delay(2000);
      }
    }
  }

  /** The host's word counts, not that of the commands: what is left to do now was not done. */
  private finish(change: WaitingChange, facts: HostFacts): void {
    const left = change.plan(facts).steps.map((step) => step.kind);
    if (left.length === 0) change.resolve(facts);
    else {
      const reason = `every command succeeded, but read back the host still needs: ${left.join(", ")}. Look at its logs, then run "pulumi up" again`;
      change.reject(this.unable(change, reason));
    }
  }

  private async run(
    planned: readonly { readonly change: Change; readonly plan: Plan }[],
  ): Promise<{ result: ApplyResult; said: string; facts: HostFacts | undefined }> {
    const runId = randomUUID();
    const script = applyScript(
      runId,
      planned.map(({ plan }) => plan.steps),
      this.questions(),
    );
    const host = await this.connect("work");
    try {
      const { stdout, stderr } = await host.run(script, { onLine: (line) => tellProgress(line, planned) });
      const result = readApplyResult(stdout);
      return { result, said: stderr.trim(), facts: result.kind === "ended" ? readHostFacts(stdout) : undefined };
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return { result: await this.resultOf(runId), said: "", facts: undefined };
    }
  }

  /** After a cut connection the script goes on, and its result waits in a file. */
  private async resultOf(runId: string): Promise<ApplyResult> {
    const giveUp = Date.now() + RECONNECT_MS;
    for (;;) {
      try {
        const host = await this.connect("work");
        return readApplyResult((await host.run(resultScript(runId))).stdout);
      } catch (error) {
        if (!(error instanceof ConnectionError) || Date.now() > giveUp) throw error;
        await delay(2000);
      }
    }
  }

  /** Reading changes nothing, so a connection that is cut under it is simply opened once more. */
  private async read(patience: Patience, again: "once more" | "no" = "once more"): Promise<HostFacts> {
    const host = await this.connect(patience);
    try {
      const { stdout } = await host.run(factsScript(this.questions()));
      return readHostFacts(stdout);
    } catch (error) {
      const cut = error instanceof ConnectionError && error.failure === "cut";
      if (!cut || again === "no") throw error;
      return this.read(patience, "no");
    }
  }

  private questions(): Questions {
    return { vmConfigPaths: [...this.vmConfigPaths], libvirt: this.asksLibvirt };
  }

  private unable(change: Change, reason: string): PassthroughError {
    return new PassthroughError(`Unable to ${change.purpose} on ${this.name}: ${reason}`);
  }
}

interface PlannedChange {
  readonly change: WaitingChange;
  readonly plan: Plan;
}

function rebootOf(plan: Plan): Reboot | undefined {
  return plan.steps.find((step) => step.kind === "reboot");
}

const PROGRESS = "@progress ";

/** One line for all that wait: they are one script. */
function tellProgress(line: string, planned: readonly { readonly change: Change }[]): void {
  if (line.startsWith(PROGRESS)) planned[0]?.change.progress?.(fromBytes(line.slice(PROGRESS.length)));
}

function whyNot(outcome: GroupResult | undefined, plan: Plan): string {
  switch (outcome?.kind) {
    case "failed": {
      const step =
        typeof outcome.step === "number"
          ? separateSteps(plan.steps)[outcome.step - 1]?.kind
          : `regenerate ${outcome.step}`;
      const undone =
        outcome.notUndone.length === 0
          ? "Everything was given back as it was"
          : `Taking it back failed too (${outcome.notUndone.map((one) => one.output).join("; ")}): look at the host before you go on`;
      return `the step "${step}" failed, and the host said: ${outcome.output || "nothing"}. ${undone}`;
    }
    case "stale":
      return `the host was changed each time while this was planned (${outcome.reason}). Nothing was changed by us; try again`;
    default:
      return 'the host went down or the script was killed in the middle. Run "pulumi up" again when the host is back: it goes on from what it finds';
  }
}
