import type { ResourceKind } from "../../claims/claim-key";
import { PassthroughError } from "../../errors";
import type { ProviderConfig } from "../../plan/inputs/provider-config";
import type { Bag } from "../../plan/kind";
import { KINDS } from "../../plan/kinds/kinds";
import type { Call } from "../../resources/call";
import { endable } from "../../resources/endable";
import { pick } from "../../resources/input-bag";
import { type Failure, WITHOUT_VALUE } from "../../resources/input-failures";
import type { Judged } from "../../resources/judge";
import { defineLifecycle } from "../../resources/lifecycle";
import type { State } from "../../resources/state";
import type { Surroundings } from "../../resources/surroundings";
import { UNKNOWN_TEXT } from "../../resources/unknowns";
import type { Urn } from "../../resources/urn";
import { CommonInputs } from "../../resources/wanted";
import type { CheckedProgram } from "./checked-program";
import { withHostMeant } from "./configuration";
import { importSubject } from "./import-id";
import { type Change, inputDifferences } from "./input-differences";

/** How a resource differs from its declaration, by property. */
export interface PropertyDifference {
  readonly replaces: readonly string[];
  /** By path. */
  readonly changes: ReadonlyMap<string, Change>;
  readonly isChanged: boolean;
}

/** What reading gives; undefined when nothing is left. */
export type ReadState = { readonly id: string; readonly properties: Bag; readonly inputs: Bag } | undefined;

/** The calls of the engine about a kind's resources, in plain values. */
export function definePluginResource(
  kind: ResourceKind,
  surroundings: Surroundings,
  configuration: ProviderConfig,
  program: CheckedProgram,
) {
  const lifecycle = defineLifecycle(kind, surroundings);
  const names = Object.keys(KINDS[kind].inputs.shape);
  const computed = Object.keys(KINDS[kind].outputs.shape).filter((name) => !names.includes(name));

  /** With the host that is meant, as the lifecycle takes it. */
  const meant = (bag: Bag): Bag => withHostMeant(bag, configuration);

  /** A name that the provider does not have is a failure, and the host unknown. */
  const hostOf = (bag: Bag): { readonly host: unknown; readonly failures: readonly Failure[] } => {
    try {
      return { host: meant(bag).host, failures: [] };
    } catch (error) {
      if (!(error instanceof PassthroughError)) throw error;
      return { host: UNKNOWN_TEXT, failures: [{ property: WITHOUT_VALUE, reason: `host: ${error.message}` }] };
    }
  };

  const stateOf = (id: string, properties: Bag): State => ({
    id,
    outputs: meant(properties),
    token: String(properties.__claim),
  });

  const callFor = (urn: Urn, inputs: Bag, preview: boolean, signal: AbortSignal): Call => {
    const host = CommonInputs.safeParse(inputs).data?.host;
    return { urn, program: host && program.on(host), hosts: undefined, preview, signal };
  };

  /** The state keeps the name of a host, not how to log in to it. */
  const properties = (outputs: Bag, { host }: Bag, token: string): Bag => ({ ...outputs, host, __claim: token });

  const judged = async (call: Call, inputs: Bag, before: Bag | undefined): Promise<Judged> => {
    const result = await endable(call.signal, () => lifecycle.judge(call, inputs, before));
    if (result.failures.length > 0) throw new PassthroughError(result.failures.map(({ reason }) => reason).join("\n"));
    return result;
  };

  const toItsEnd = <T>({ name }: Urn, work: () => Promise<T>): Promise<T> =>
    work().finally(() => program.end(kind, name));

  /** What is not known yet is said to be unknown. */
  const foretold = (inputs: Bag, { outlook }: Judged, known: Bag): Bag => ({
    ...inputs,
    ...Object.fromEntries(computed.map((name) => [name, UNKNOWN_TEXT])),
    ...known,
    ...outlook?.outputs,
  });

  return {
    check(urn: Urn, news: Bag): { readonly inputs: Bag; readonly failures: readonly Failure[] } {
      const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== null));
      const named = hostOf(given);
      const { inputs, failures } = lifecycle.check({ ...given, host: named.host });
      const host = CommonInputs.safeParse(inputs).data?.host;
      const all = [...named.failures, ...failures];
      if (all.length > 0) return { inputs: news, failures: all };
      if (host) program.add(kind, urn.name, host, inputs);
      return { inputs: { ...inputs, host: given.host }, failures: [] };
    },

    async diff(
      urn: Urn,
      id: string,
      olds: Bag,
      oldInputs: Bag,
      news: Bag,
      signal: AbortSignal,
    ): Promise<PropertyDifference> {
      const inputs = meant(news);
      const call = callFor(urn, inputs, false, signal);
      const difference = await endable(call.signal, () => lifecycle.diff(call, stateOf(id, olds), inputs, undefined));
      if (difference.kind === "none") {
        program.end(kind, urn.name);
        return { replaces: [], changes: new Map(), isChanged: false };
      }
      const replaces = "by" in difference ? difference.by : [];
      const changes = new Map(inputDifferences(oldInputs, news, [...names, "drift"]));
      // A device that moved, say, is replaced though the program says the same.
      for (const name of replaces)
        if (![...changes.keys()].some((path) => topName(path) === name)) changes.set(name, "update");
      return { replaces, changes, isChanged: true };
    },

    async create(urn: Urn, inputs: Bag, preview: boolean, signal: AbortSignal) {
      const full = meant(inputs);
      const call = callFor(urn, full, preview, signal);
      return toItsEnd(urn, async () => {
        const outlook = await judged(call, full, undefined);
        if (preview) return { id: "", properties: foretold(inputs, outlook, {}) };
        const { id, outputs, token } = await lifecycle.create(call, full);
        return { id, properties: properties(outputs, inputs, token) };
      });
    },

    async update(urn: Urn, id: string, olds: Bag, news: Bag, preview: boolean, signal: AbortSignal): Promise<Bag> {
      const full = meant(news);
      const call = callFor(urn, full, preview, signal);
      return toItsEnd(urn, async () => {
        const outlook = await judged(call, full, pick(olds, KINDS[kind].foretold));
        const state = stateOf(id, olds);
        if (preview) {
          const known = outlook.outlook ? {} : pick(olds, computed);
          return properties(foretold(news, outlook, known), news, state.token);
        }
        return properties(await lifecycle.update(call, state, full), news, state.token);
      });
    },

    /** The resource that an id of a person names, `<host>/<device>[/<vm>]`, or one of a state that was lost. */
    async import(urn: Urn, id: string, given: Bag, signal: AbortSignal): Promise<ReadState> {
      const { hosts, subject } = importSubject(kind, id, given.host, configuration);
      const call = { urn, program: undefined, hosts: undefined, preview: false, signal };
      const found = await Promise.allSettled(
        hosts.map(async (host) => {
          const input = CommonInputs.parse(meant({ host })).host;
          return { host, ...(await endable(call.signal, () => lifecycle.import(call, subject, input))) };
        }),
      );
      const imported = found.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      const meantOne = hosts.length === 1 ? imported[0] : imported.find(({ state }) => state.id === id);
      const [failed] = found.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      if (!meantOne && failed !== undefined) throw failed;
      if (!meantOne) return undefined;
      const { host, state, inputs } = meantOne;
      return {
        id: state.id,
        properties: properties(state.outputs, { host }, state.token),
        inputs: { host, ...inputs },
      };
    },

    /** A host that is not reached leaves the state as it is: this is not told whether it is for a preview. */
    async read(urn: Urn, id: string, olds: Bag, oldInputs: Bag, signal: AbortSignal): Promise<ReadState> {
      const state = stateOf(id, olds);
      const drifted = Object.keys(oldInputs.drift ?? {});
      const call = { urn, program: undefined, hosts: undefined, preview: true, signal };
      const found = await endable(call.signal, () => lifecycle.read(call, state, drifted));
      switch (found.kind) {
        case "gone":
          return undefined;
        case "unknown":
          return { id, properties: olds, inputs: oldInputs };
        case "there": {
          const inputs = { ...pick(oldInputs, names), ...(found.drift ? { drift: found.drift } : {}) };
          return { id, properties: properties(found.outputs, olds, state.token), inputs };
        }
      }
    },

    delete: (urn: Urn, id: string, olds: Bag, signal: AbortSignal): Promise<void> =>
      lifecycle.delete({ urn, program: undefined, hosts: undefined, preview: false, signal }, stateOf(id, olds)),
  };
}

/** `expect` of `expect[0].id`. */
export function topName(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? path;
}
