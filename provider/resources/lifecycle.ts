import { randomUUID } from "node:crypto";
import type { dynamic } from "@pulumi/pulumi";
import { formatId, parseId, type ResourceKind } from "../claims/claim-key";
import { PassthroughError, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { claimOfResource } from "../plan/claim";
import type { Bag } from "../plan/kind";
import { expectEnd, statusAtEnd } from "../plan/kinds/expected-host";
import {
  isGone,
  KINDS,
  keyOf,
  madeOtherwise,
  planPresent,
  purposeOf,
  statusOfWish,
  storedWish,
} from "../plan/kinds/kinds";
import { isEmpty } from "../plan/plan";
import type { Wish } from "../plan/wish";
import { defineCarryOut } from "./carry-out";
import { defineCheck } from "./check";
import { pick, plain, sameValue } from "./input-bag";
import { questionsOf } from "./questions";
import type { Surroundings } from "./surroundings";
import { containsUnknown } from "./unknowns";
import { parseUrn } from "./urn";
import { CommonInputs, type InState, inputsOf, type Managed, ownerOf, vmOf, type Wanted, wantedOf } from "./wanted";
import { withoutTrace } from "./without-trace";

/**
 * Turns a kind into a resource provider for the engine. create, read, update and delete reject with PassthroughError.
 */
export function defineResource(kind: ResourceKind, surroundings: Surroundings): dynamic.ResourceProvider {
  const { hostFor, env, run } = surroundings;
  const { carryOut, takeBack, hostProgramOf } = defineCarryOut(surroundings);
  const { keyInputs, identity, foretold, wish: wishOf } = KINDS[kind];
  const names = Object.keys(inputsOf(kind).shape);
  const read = (bag: Bag): Wanted => wantedOf(CommonInputs.parse(bag), wishOf(bag), hostFor);

  const stored = (id: string, bag: Bag): Wanted & { readonly key: string } => {
    const { key } = parseId(id);
    const inputs = read(bag);
    const wish = storedWish(inputs.wish, key);
    return { ...inputs, key, wish, vms: [...inputs.vms, vmOf(wish)] };
  };

  /** As at the end of the run, when the program's other declarations have been carried out too; else as now. */
  const outputs = (facts: HostFacts, bag: Bag, wish: Wish, key: string, token: string): Bag => {
    const program = hostProgramOf(read(bag));
    const status = program
      ? statusAtEnd(facts, expectEnd(facts, program), wish, key).status
      : statusOfWish(facts, wish, key);
    return { ...plain(pick(bag, names)), ...status, __claim: token };
  };

  /**
   * The inputs whose change replaces the resource. If the host was read, the key decides: a VM may have been renamed,
   * or have got a uuid.
   */
  const replacedBy = (id: string, olds: Bag, news: Bag, wish: Wish, facts: HostFacts | undefined): string[] => {
    const differ = (inputs: readonly string[]) => inputs.filter((name) => !sameValue(olds[name], news[name]));
    const { machineId, key } = parseId(id);
    const found = facts && keyOf(facts, wish);
    const claimed = facts && claimOfResource(facts, key, ownerOf(parseUrn(String(news.__urn)), deployed(olds)));
    const changed = differ(keyInputs);
    const isSame = found === key || (facts !== undefined && found === keyOf(facts, stored(id, olds).wish));
    const isOther = found === undefined ? changed.length > 0 : !isSame;
    return [
      ...(isOther ? (changed.length > 0 ? changed : keyInputs.slice(-1)) : []),
      ...differ(identity),
      ...(claimed ? madeOtherwise(claimed.claim, wish) : []),
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
      const healing = facts && planPresent(facts, wish, { owner: ownerOf(urn, deployed(olds)), program: [] });
      const theirs = healing?.refusals.find(({ guard }) => guard === "claimed");
      // Check is not told the token. A refresh, which has no program, only shows the difference.
      if (theirs && run.programs.has(urn.text))
        throw new PassthroughError(
          unable({ purpose: purposeOf(facts, wish, "present"), host: host.name, reason: theirs.message }),
        );
      if (names.some((name) => !sameValue(olds[name], news[name]))) return { deleteBeforeReplace: true };
      if (!facts || !healing) return { changes: false };
      if (!isEmpty(healing) || healing.refusals.length > 0) return { changes: true };
      // Without a program, as in a refresh, what the state holds besides the inputs is compared with the host as it is.
      const outlook = run.programs.has(urn.text) ? pick(news, foretold) : {};
      const expected = { ...plain(statusOfWish(facts, wish, parseId(id).key)), ...outlook };
      return { changes: Object.entries(expected).some(([name, value]) => !sameValue(value, olds[name])) };
    },

    async create(inputs: Bag) {
      const { wish, ...rest } = read(inputs);
      const token = randomUUID();
      const after = await carryOut({ wish, ...rest }, { token, isDeployed: false }, "present");
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
      const after = await carryOut(read(news), deployed(olds), "present");
      return { outs: outputs(after, news, wish, key, token) };
    },

    delete: (id: string, props: Bag) => withoutTrace(() => takeBack(stored(id, props), deployed(props))),
  };
}

function deployed(outs: Bag): InState {
  return { token: String(outs.__claim), isDeployed: true };
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
