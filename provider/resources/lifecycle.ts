import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { formatId, parseId, type ResourceKind } from "../claims/claim-key";
import { PassthroughError } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { formatPciTarget } from "../pci/address";
import { waitingChanges } from "../plan/hide/boot-changes";
import type { Bag, Purpose } from "../plan/kind";
import {
  isGone,
  KINDS,
  keyOf,
  planAbsent,
  planPresent,
  purposeOf,
  statusOfWish,
  storedWish,
} from "../plan/kinds/kinds";
import { isEmpty, type Plan } from "../plan/plan";
import { safetyOf } from "../plan/safety";
import type { Owner, PlanContext, Wish } from "../plan/wish";
import { defineCheck } from "./check";
import { tellEffects } from "./effect-lines";
import { pick, plain, sameValue } from "./input-bag";
import { questionsOf } from "./questions";
import { containsUnknown } from "./unknowns";
import {
  CommonInputs,
  inputsOf,
  type Managed,
  ownerOf,
  type Surroundings,
  vmOf,
  type Wanted,
  wantedOf,
} from "./wanted";
import { withoutTrace } from "./without-trace";

/**
 * Turns a kind into a resource provider for the engine. create, read, update and delete reject with PassthroughError.
 */
export function defineResource(kind: ResourceKind, surroundings: Surroundings): dynamic.ResourceProvider {
  const { hostFor, log, env, waitingHosts, rebootTurns } = surroundings;
  const { keyInputs, identity, wish: wishOf } = KINDS[kind];
  const names = Object.keys(inputsOf(kind).shape);
  const read = (bag: Bag): Wanted => wantedOf(CommonInputs.parse(bag), wishOf(bag), hostFor);

  const stored = (id: string, bag: Bag): Wanted & { readonly key: string } => {
    const { key } = parseId(id);
    const inputs = read(bag);
    const wish = storedWish(inputs.wish, key);
    return { ...inputs, key, wish, vms: [...inputs.vms, vmOf(wish)] };
  };

  const outputs = (facts: HostFacts, bag: Bag, wish: Wish, key: string, token: string): Bag => ({
    ...plain(pick(bag, names)),
    ...statusOfWish(facts, wish, key),
    __claim: token,
  });

  /** Plans, applies, and says what was done. Gives the facts after it, and the owner. */
  const carryOut = async ({ inputs, urn, host, wish, vms }: Wanted, token: string, purpose: Purpose) => {
    const planFor = purpose === "present" ? planPresent : planAbsent;
    const owner = ownerOf(urn, token);
    const before = await host.facts("work", questionsOf(inputs.host, vms));
    const progress = (line: string) => void log.status(`${host.name}: ${line}`, urn);
    let done: Plan | undefined;
    const apply = () =>
      host.apply({
        label: urn.name,
        purpose: purposeOf(before, wish, purpose),
        safety: safetyOf(inputs.host.safety, env),
        device: "target" in wish ? formatPciTarget(wish.target) : undefined,
        plan: (facts) => {
          const plan = planFor(facts, wish, { owner, program: [] });
          if (!isEmpty(plan)) done = plan;
          return plan;
        },
        progress,
      });
    const { reboot } = planFor(before, wish, { owner, program: [] });
    const after = reboot
      ? await rebootTurns.take(host.name, reboot.maxParallel, () => progress("waits until other hosts are back"), apply)
      : await apply();
    if (done) await tellEffects(log, urn, host.name, [done]);
    return { after, owner };
  };

  /** Logs which hosts need a reboot when that changes, so that the last such line of a destroy names all of them. */
  const tellWaitingHosts = async (name: string, facts: HostFacts, owner: Owner) => {
    const waiting = waitingChanges(facts, owner).map(({ what }) => what);
    const said = waitingHosts.get(name);
    if (waiting.length > 0) waitingHosts.set(name, waiting.join("; "));
    else waitingHosts.delete(name);
    if (waitingHosts.get(name) === said) return;
    const hosts = [...waitingHosts].map(([host, what]) => `\n  ${host}: ${what}`);
    await log.info(
      hosts.length > 0 ? `Hosts that wait for a reboot:${hosts.join("")}` : "No host waits for a reboot any longer.",
    );
  };

  /**
   * The inputs whose change replaces the resource. If the host was read, the key decides: a VM may have been renamed,
   * or have got a uuid.
   */
  const replacedBy = (id: string, olds: Bag, news: Bag, wish: Wish, facts: HostFacts | undefined): string[] => {
    const differ = (inputs: readonly string[]) => inputs.filter((name) => !sameValue(olds[name], news[name]));
    const { machineId, key } = parseId(id);
    const found = facts && keyOf(facts, wish);
    const changed = differ(keyInputs);
    const isSame = found === key || (facts !== undefined && found === keyOf(facts, stored(id, olds).wish));
    const isOther = found === undefined ? changed.length > 0 : !isSame;
    return [
      ...(isOther ? (changed.length > 0 ? changed : keyInputs.slice(-1)) : []),
      ...differ(identity),
      ...(facts && facts.machine.id !== machineId ? ["host"] : []),
    ];
  };

  return {
    check: defineCheck(kind, surroundings),

    async diff(id: string, olds: Bag, news: Bag) {
      // The engine asks with unknowns whether a resource goes before the one that it depends on is replaced.
      if (containsUnknown(news))
        return { replaces: keyInputs.filter((name) => containsUnknown(news[name])), deleteBeforeReplace: true };
      const { inputs, urn, host, wish } = read(news);
      const facts = await factsIfReached(host, inputs, wish, env);
      const replaces = replacedBy(id, olds, news, wish, facts);
      if (replaces.length > 0) return { replaces, deleteBeforeReplace: true };
      if (names.some((name) => !sameValue(olds[name], news[name]))) return { deleteBeforeReplace: true };
      if (!facts) return { changes: false };
      const context: PlanContext = { owner: ownerOf(urn, String(olds.__claim)), program: [] };
      const drift = planPresent(facts, wish, context);
      return { changes: !isEmpty(drift) || drift.refusals.length > 0 };
    },

    async create(inputs: Bag) {
      const { wish, ...rest } = read(inputs);
      const token = randomUUID();
      const { after } = await carryOut({ wish, ...rest }, token, "present");
      const key = keyOf(after, wish) ?? "";
      return {
        id: formatId(after.machine.id ?? "", key),
        outs: outputs(after, inputs, wish, key, token),
      };
    },

    read: (id: string, props: Bag) =>
      withoutTrace(async () => {
        const { inputs, host, wish, vms, key } = stored(id, props);
        const facts = await host.facts("work", questionsOf(inputs.host, vms));
        if (isGone(facts, wish, key)) return {};
        return { id, props: outputs(facts, props, wish, key, String(props.__claim)) };
      }),

    async update(id: string, olds: Bag, news: Bag) {
      const { wish, key } = stored(id, news);
      const token = String(olds.__claim);
      const { after } = await carryOut(read(news), token, "present");
      return { outs: outputs(after, news, wish, key, token) };
    },

    delete: (id: string, props: Bag) =>
      withoutTrace(async () => {
        const former = stored(id, props);
        const { after, owner } = await carryOut(former, String(props.__claim), "absent");
        await tellWaitingHosts(former.host.name, after, owner);
      }),
  };
}

async function factsIfReached(
  host: Managed,
  inputs: CommonInputs,
  wish: Wish,
  env: NodeJS.ProcessEnv,
): Promise<HostFacts | undefined> {
  if (env.PCI_PASSTHROUGH_OFFLINE === "1") return undefined;
  try {
    return await host.facts("preview", questionsOf(inputs.host, [vmOf(wish)]));
  } catch (error) {
    if (error instanceof PassthroughError) return undefined; // check has reported it already
    throw error;
  }
}
