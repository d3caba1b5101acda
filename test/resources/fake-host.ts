import { setTimeout as delay } from "node:timers/promises";
import type { dynamic } from "@pulumi/pulumi";
import { defineResource } from "../../provider/adapters/dynamic/resource-provider";
import type { ResourceKind } from "../../provider/claims/claim-key";
import { type ConnectionError, PassthroughError } from "../../provider/errors";
import type { HostFacts } from "../../provider/facts/host-facts";
import { afterReboot } from "../../provider/plan/kinds/after-reboot";
import { EngineRun } from "../../provider/resources/engine-run";
import type { Surroundings } from "../../provider/resources/surroundings";
import type { Managed } from "../../provider/resources/wanted";
import { simulate } from "../../provider/steps/steps";
import { collectedLog } from "./collected-log";

export type Bag = Record<string, unknown>;
export type Handlers = Required<dynamic.ResourceProvider>;

/** A host that is nothing but its facts: an apply is what the steps say it does. */
export class FakeHost {
  /** What the user was shown. */
  readonly lines: string[] = [];
  /** What the provider process of the present run knows. */
  run = new EngineRun();
  readonly env: NodeJS.ProcessEnv = {};

  private unreached: ConnectionError | undefined;
  private answerMs = 0;

  /** From now on it takes its time to answer. */
  slow(): void {
    this.answerMs = 500;
  }

  /** From now on nobody reaches it. */
  unreachable(error: ConnectionError): this {
    this.unreached = error;
    return this;
  }

  private readonly managed: Managed;

  constructor(
    public facts: HostFacts,
    private readonly name = "xen1",
  ) {
    this.managed = this.manage();
  }

  /** Whatever host a resource names, it is this one. */
  readonly hostFor: Surroundings["hostFor"] = () => this.managed;

  private readonly manage = (): Managed => ({
    name: this.name,
    facts: async () => {
      if (this.answerMs > 0) await delay(this.answerMs);
      if (this.unreached) throw this.unreached;
      return this.facts;
    },
    warnOnce: (line, log) => log.warn(line),
    apply: async ({ plan, purpose }) => {
      const planned = plan(this.facts);
      const [refusal] = planned.refusals;
      if (refusal)
        throw new PassthroughError(`Unable to ${purpose} on ${this.name}: ${refusal.message}`, {
          guard: refusal.guard,
        });
      this.facts = simulate(this.facts, planned.steps);
      if (planned.reboot) this.facts = afterReboot(this.facts);
      return this.facts;
    },
  });

  /** `hostFor`: of a program with other hosts, too. */
  handlers(kind: ResourceKind, hostFor = this.hostFor): Handlers {
    const log = collectedLog((text) => this.lines.push(text));
    return defineResource(kind, {
      hostFor,
      log,
      env: this.env,
      run: this.run,
    }) as Handlers;
  }
}

/** Inputs as the resource classes send them. */
export function given(inputs: Bag, label = "under-test"): Bag {
  return { host: { address: "xen1" }, ...inputs, __provider: "", __resource: `dev::test::::${label}` };
}

/** Check, then create: as the engine does. Throws what a user would see. */
export async function created(handlers: Handlers, inputs: Bag): Promise<{ readonly id: string; readonly outs: Bag }> {
  const { inputs: checked, failures = [] } = await handlers.check({}, given(inputs));
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
  const { id, outs } = await handlers.create(checked);
  return { id, outs: outs as Bag };
}
