import type { dynamic } from "@pulumi/pulumi";
import type { ResourceKind } from "../../claims/claim-key";
import { PassthroughError } from "../../errors";
import type { Bag } from "../../plan/kind";
import { KINDS } from "../../plan/kinds/kinds";
import type { Call } from "../../resources/call";
import { pick } from "../../resources/input-bag";
import { type Failure, WITHOUT_VALUE } from "../../resources/input-failures";
import { defineLifecycle } from "../../resources/lifecycle";
import type { State } from "../../resources/state";
import type { Surroundings } from "../../resources/surroundings";
import { containsUnknown } from "../../resources/unknowns";
import { dynamicTypeOf } from "../../resources/urn";
import { CommonInputs } from "../../resources/wanted";
import { sameValue } from "../../same-value";
import { toldUrn } from "./told-resource";
import { readProgram, splitProgram } from "./transient-program";
import { withoutTrace } from "./without-trace";

/** What the adapter needs from its process. */
export type DynamicSurroundings = Omit<Surroundings, "typeOf">;

/**
 * A kind as a dynamic provider. What the engine does not tell such a provider, the resource classes add as the input
 * `__program`, which check drops: the program, and the URN, which check keeps as `__resource`. The token of the claim is the
 * output `__claim`.
 */
export function defineResource(kind: ResourceKind, surroundings: DynamicSurroundings): dynamic.ResourceProvider {
  const { foretold } = KINDS[kind];
  const { run } = surroundings;
  const lifecycle = defineLifecycle(kind, { ...surroundings, typeOf: dynamicTypeOf });

  /** The program is known since check. */
  const callOf = ({ __resource }: Bag): Call => ({
    urn: toldUrn(kind, __resource),
    program: undefined,
    hosts: undefined,
    preview: false,
    signal: undefined,
  });

  /** The URNs of those that were checked for a preview, which diff is not told. */
  const previewed = new Set<string>();

  /** The engine names what differs of the inputs, and no list is among them. */
  const nameLists = async (
    { urn }: Call,
    { host }: Bag,
    expected: Bag,
    differing: readonly string[],
  ): Promise<void> => {
    if (differing.length === 0 || differing.some((name) => !isList(expected[name]))) return;
    const { name } = surroundings.hostFor(CommonInputs.parse({ host }).host);
    await surroundings.log.info(
      `${name}: only the state changes, to what the host says now: ${differing.join(", ")}`,
      urn,
    );
  };

  return {
    async check(olds: Bag, news: Bag) {
      const { __provider: _, __program, __resource: alone, ...given } = news;
      const { resource: __resource = alone, program } = splitProgram(__program);
      const { inputs: checked, failures } = lifecycle.check(given);
      const inputs = { ...checked, __resource };
      if (failures.length > 0) return checkedWith(inputs, failures);
      const host = CommonInputs.safeParse(inputs).data?.host;
      if (!host || containsUnknown(__resource)) return { inputs };
      const transient = readProgram(program, host);
      const problems = transient?.problems ?? [];
      if (problems.length > 0)
        return checkedWith(
          inputs,
          problems.map((reason) => ({ property: WITHOUT_VALUE, reason })),
        );
      const before = pick(olds, foretold);
      const isDeployed = Object.keys(olds).length > 0;
      const call = {
        urn: toldUrn(kind, __resource),
        program: transient?.program,
        hosts: transient?.hosts,
        preview: transient?.preview ?? false,
        signal: undefined,
      };
      const judged = await lifecycle.judge(call, checked, isDeployed ? before : undefined);
      const { outputs = before, drift } = judged.outlook ?? {};
      if (call.preview) previewed.add(call.urn.text);
      else previewed.delete(call.urn.text);
      // The engine shows of an update only how its inputs differ, and knows in preview only the outputs that are among them.
      const isAwaited = transient?.program.declarations.some(({ wish }) => wish === undefined) ?? false;
      const shown = call.preview && (isAwaited || !isDeployed) ? outputs : withoutLists(outputs);
      return checkedWith({ ...inputs, ...shown, ...(drift ? { drift } : {}) }, judged.failures);
    },

    async diff(id: string, olds: Bag, news: Bag) {
      const call = callOf(news);
      const program = run.programs.get(call.urn.text);
      const expected = program && run.foretold.get(call.urn.text);
      const difference = await lifecycle.diff({ ...call, program }, stateOf(id, olds), news, expected);
      switch (difference.kind) {
        case "replaced":
        case "unknown":
          return { replaces: [...difference.by], deleteBeforeReplace: true };
        case "inputs":
          return { deleteBeforeReplace: true };
        default:
          if (!sameValue(olds.__resource, news.__resource)) return { deleteBeforeReplace: true };
          if (difference.kind === "drift" && expected && previewed.has(call.urn.text))
            await nameLists(call, news, expected, difference.outputs);
          return { changes: difference.kind === "drift" };
      }
    },

    async create(inputs: Bag) {
      const { id, outputs, token } = await lifecycle.create(callOf(inputs), inputs);
      return { id, outs: outs(outputs, inputs, token) };
    },

    read: (id: string, props: Bag) =>
      withoutTrace(async () => {
        const state = stateOf(id, props);
        const found = await lifecycle.read(callOf(props), state, []);
        if (found.kind === "there") return { id, props: outs(found.outputs, props, state.token) };
        // For `get` the engine would take an empty answer for a resource without outputs.
        if (props.__claim === undefined)
          throw new PassthroughError(
            `Unable to read the ${kind} ${id}: there is nothing like it on the host. Check the id and the arguments of \`get\`.`,
          );
        return {};
      }),

    async update(id: string, olds: Bag, news: Bag) {
      const state = stateOf(id, olds);
      return { outs: outs(await lifecycle.update(callOf(news), state, news), news, state.token) };
    },

    delete: (id: string, props: Bag) => withoutTrace(() => lifecycle.delete(callOf(props), stateOf(id, props))),
  };
}

/** Lists are most of a state, and the simple outputs tell an update well enough where no declaration waits for more. */
function withoutLists(outputs: Bag): Bag {
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => !isList(value)));
}

function isList(value: unknown): boolean {
  return typeof value === "object";
}

function checkedWith(inputs: Bag, failures: readonly Failure[]): dynamic.CheckResult {
  return { inputs, failures: [...failures] };
}

function stateOf(id: string, props: Bag): State {
  return { id, outputs: props, token: String(props.__claim) };
}

function outs(outputs: Bag, { __resource }: Bag, token: string): Bag {
  return { ...outputs, __resource, __claim: token };
}
