import type { HostFacts } from "../facts/host-facts";
import { type ExpectedEnd, expectEnd, type HostProgram } from "../plan/kinds/expected-host";
import type { DeclaredWish } from "../plan/wish";

/**
 * The end of the run on each host, simulated once for all resources there: it depends on the facts, on what is declared,
 * and on whose it is, but not on which of the resources asks.
 */
export class ExpectedEnds {
  private readonly known = new WeakMap<HostFacts, WeakMap<readonly DeclaredWish[], Map<string, ExpectedEnd>>>();

  get(facts: HostFacts, program: HostProgram): ExpectedEnd {
    const { label: _, ...owner } = program.context.owner;
    const key = JSON.stringify([owner, program.complete]);
    const byProgram = this.known.get(facts) ?? new WeakMap<readonly DeclaredWish[], Map<string, ExpectedEnd>>();
    this.known.set(facts, byProgram);
    const byOwner = byProgram.get(program.declared) ?? new Map<string, ExpectedEnd>();
    byProgram.set(program.declared, byOwner);
    const end = byOwner.get(key) ?? expectEnd(facts, program);
    byOwner.set(key, end);
    return end;
  }
}
