import { randomUUID } from "node:crypto";
import { formatId, parseId, type ResourceKind } from "../claims/claim-key";
import { PassthroughError, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { claimOfResource } from "../plan/claim";
import type { HostInput } from "../plan/inputs/host-input";
import type { Bag } from "../plan/kind";
import { expectHost, statusAtEnd } from "../plan/kinds/expected-host";
import type { ImportSubject } from "../plan/kinds/import-candidates";
import {
  bootsHost,
  isGone,
  KINDS,
  keyOf,
  madeOtherwise,
  planPresent,
  purposeOf,
  statusOfWish,
  storedWish,
} from "../plan/kinds/kinds";
import { safetyOf } from "../plan/safety";
import type { Wish } from "../plan/wish";
import { sameValue } from "../same-value";
import { confirmBoot } from "./boot-confirmation";
import type { Call } from "./call";
import { defineCarryOut } from "./carry-out";
import { type Checked, checkInputs } from "./check-inputs";
import { withWayOut } from "./dead-host";
import { type Imported, importResource, isSettled } from "./import";
import { driftOf, pick, plain } from "./input-bag";
import { defineJudge, type Judged } from "./judge";
import { programOnHost } from "./program-on-host";
import { questionsOf } from "./questions";
import type { State } from "./state";
import type { Surroundings } from "./surroundings";
import { containsUnknown } from "./unknowns";
import { unlessUnreached } from "./unless-unreached";
import { CommonInputs, type InState, type Managed, ownerOf, vmOf, type Wanted, wantedOf } from "./wanted";

/** What the host says of a resource that a state has. */
export type Found =
  /** `drift`: those of the outputs that a run puts right. */
  | { readonly kind: "there"; readonly outputs: Bag; readonly drift: Bag | undefined }
  /** Nothing is left of it. */
  | { readonly kind: "gone" }
  /** The host was not asked or not reached; only a preview goes on without it. */
  | { readonly kind: "unknown" };

/** How a declaration differs from the state and the host. */
export type Difference =
  | { readonly kind: "none" }
  /** An update, since the inputs differ. */
  | { readonly kind: "inputs" }
  /** An update, by what the host says alone. `outputs`: what the state gets anew, where nothing is left to do on the host. */
  | { readonly kind: "drift"; readonly outputs: readonly string[] }
  /** The inputs whose change replaces the resource, or may: of one that is unknown nobody knows. */
  | { readonly kind: "replaced" | "unknown"; readonly by: readonly string[] };

/**
 * One kind of resource. Values are plain ones, without the marks of an adapter. All but `check` reject with
 * PassthroughError for what a host says; those that take inputs take checked ones.
 */
export interface Lifecycle {
  /** Asks no host. */
  check(given: Bag): Checked;
  /** `before`: the outputs in the state, as far as they are known; undefined for a resource that it does not have. */
  judge(call: Call, inputs: Bag, before: Bag | undefined): Promise<Judged>;
  /** `outlook`: the outputs that `judge` foretold; without any, the state is compared with the host as it is. */
  diff(call: Call, state: State, inputs: Bag, outlook: Bag | undefined): Promise<Difference>;
  create(call: Call, inputs: Bag): Promise<State>;
  /** `drifted`: names of the outputs that are in the state as the host said them, and not as declared. */
  read(call: Call, state: State, drifted: readonly string[]): Promise<Found>;
  /** Throws PassthroughError where the host does not have it, or something speaks against it. */
  import(call: Call, subject: Omit<ImportSubject, "kind">, host: HostInput): Promise<Imported>;
  /** The outputs after it. */
  update(call: Call, state: State, inputs: Bag): Promise<Bag>;
  delete(call: Call, state: State): Promise<void>;
}

/** The lifecycle of a kind. */
export function defineLifecycle(kind: ResourceKind, surroundings: Surroundings): Lifecycle {
  const { hostFor, run } = surroundings;
  const { carryOut, takeBack, hostProgramOf } = defineCarryOut(surroundings);
  const { keyInputs, identity, foretold, inputs: schema, wish: wishOf } = KINDS[kind];
  const names = Object.keys(schema.shape);
  const wanted = (call: Call, bag: Bag): Wanted => wantedOf(call, CommonInputs.parse(bag), wishOf(bag), hostFor);

  const stored = (call: Call, { id, outputs }: State): Wanted & { readonly key: string } => {
    const { key } = parseId(id);
    const inputs = wanted(call, outputs);
    const wish = storedWish(inputs.wish, key);
    return { ...inputs, key, wish, vms: [...inputs.vms, vmOf(wish)] };
  };

  /**
   * As at the end of the run, when the program's other declarations have been carried out too; else as now. Where that is
   * what was foretold, nothing is left that the others could change: they are not planned once more after each change.
   */
  const outputsOf = (declared: Wanted, facts: HostFacts, bag: Bag, wish: Wish, key: string): Bag => {
    const now = plain(statusOfWish(facts, wish, key));
    const expected = run.foretold.get(declared.urn.text);
    const program =
      expected && sameValue(pick(now, foretold), pick(expected, foretold)) ? undefined : hostProgramOf(declared);
    const atEnd = program && plain(statusAtEnd(facts, run.expectedEnds.get(facts, program), wish, key).status);
    return { ...plain(pick(bag, names)), ...(atEnd ?? now) };
  };

  /**
   * The inputs whose change replaces the resource. If the host was read, the key decides: a VM may have been renamed,
   * or have got a uuid.
   */
  const replacedBy = (call: Call, state: State, news: Bag, wish: Wish, facts: HostFacts | undefined): string[] => {
    const { id, outputs: olds } = state;
    const differ = (inputs: readonly string[]) => inputs.filter((name) => !sameValue(olds[name], news[name]));
    const { machineId, key } = parseId(id);
    const found = facts && keyOf(facts, wish);
    const claimed = facts && claimOfResource(facts, key, ownerOf(call.urn, inState(state)));
    const changed = differ(keyInputs);
    const isSame = found === key || (facts !== undefined && found === keyOf(facts, stored(call, state).wish));
    const isOther = found === undefined ? changed.length > 0 : !isSame;
    return [
      ...(isOther ? (changed.length > 0 ? changed : keyInputs.slice(-1)) : []),
      ...differ(identity),
      ...(claimed ? madeOtherwise(claimed.claim, wish) : []),
      ...(facts && facts.machine.id !== machineId ? ["host"] : []),
    ];
  };

  /** Whether the turn of a HostReboot finds what needs it, when all is done that is declared before it. */
  const willReboot = (facts: HostFacts, declared: Wanted, { program }: Call, state: State): boolean =>
    declared.wish.kind === "HostReboot" &&
    program !== undefined &&
    expectHost(facts, declared.wish, programOnHost(program, declared, inState(state))).plan.reboot !== undefined;

  return {
    check: (given) => checkInputs(kind, given),

    judge: defineJudge(kind, surroundings),

    async diff(call, state, news, outlook) {
      const olds = state.outputs;
      // The engine asks with unknowns whether a resource goes before the one that it depends on is replaced.
      if (containsUnknown(news))
        return { kind: "unknown", by: keyInputs.filter((name) => containsUnknown(news[name])) };
      const declared = wanted(call, news);
      const { inputs, urn, host, wish } = declared;
      const facts = await factsIfReached(host, inputs, wish, surroundings);
      const by = replacedBy(call, state, news, wish, facts);
      if (by.length > 0) return { kind: "replaced", by };
      const healing = facts && planPresent(facts, wish, { owner: ownerOf(urn, inState(state)), program: [] });
      const theirs = healing?.refusals.find(({ guard }) => guard === "claimed");
      // Judging is not told the token. A refresh, which has no program, only shows the difference.
      if (theirs && call.program)
        throw new PassthroughError(
          unable({ purpose: purposeOf(facts, wish, "present"), host: host.name, reason: theirs.message }),
        );
      const [before, after] = [unnamed(olds), unnamed(news)];
      if (names.some((name) => !sameValue(before[name], after[name]))) return { kind: "inputs" };
      if (!facts || !healing) return { kind: "none" };
      if (willReboot(facts, declared, call, state)) return { kind: "drift", outputs: [] };
      if (!isSettled(healing, state.token) || healing.refusals.length > 0) return { kind: "drift", outputs: [] };
      const expected: Bag = { ...plain(statusOfWish(facts, wish, parseId(state.id).key)), ...outlook };
      const outputs = Object.keys(expected).filter((name) => !sameValue(expected[name], olds[name]));
      return outputs.length > 0 ? { kind: "drift", outputs } : { kind: "none" };
    },

    async create(call, inputs) {
      const declared = wanted(call, inputs);
      const { wish } = declared;
      const token = newToken();
      const after = await carryOut(declared, { token, isDeployed: false }, "present");
      const key = keyOf(after, wish) ?? "";
      const id = formatId(after.machine.id ?? "", key);
      return { id, outputs: outputsOf(declared, after, inputs, wish, key), token };
    },

    async read(call, state, drifted) {
      const { inputs, urn, host, wish, vms, key } = stored(call, state);
      const questions = questionsOf(inputs.host, vms);
      const reading = () => host.facts(call.preview ? "preview" : "work", questions);
      // A refresh is a login from outside, too.
      if (!call.preview && bootsHost(wish))
        await confirmBoot(host, {
          questions,
          safety: safetyOf(inputs.host.safety, surroundings.env),
          signal: call.signal,
        });
      const facts = call.preview ? await unlessUnreached(surroundings, inputs, host, urn, reading) : await reading();
      if (!facts) return { kind: "unknown" };
      if (isGone(facts, wish, key)) return { kind: "gone" };
      const outputs: Bag = { ...plain(pick(state.outputs, names)), ...statusOfWish(facts, wish, key) };
      const healing = planPresent(facts, wish, { owner: ownerOf(urn, inState(state)), program: [] });
      if (isSettled(healing, state.token)) return { kind: "there", outputs, drift: undefined };
      const differing = foretold.filter(
        (name) => drifted.includes(name) || !sameValue(outputs[name], state.outputs[name]),
      );
      return { kind: "there", outputs, drift: driftOf(outputs, differing) };
    },

    import: (call, subject, host) => importResource(surroundings, call, { kind, ...subject }, host),

    async update(call, state, inputs) {
      const declared = wanted(call, inputs);
      const { wish, key } = stored(call, { ...state, outputs: inputs });
      const after = await carryOut(declared, inState(state), "present");
      return outputsOf(declared, after, inputs, wish, key);
    },

    delete: (call, state) =>
      takeBack(stored(call, state), inState(state)).catch((error: unknown) => {
        throw withWayOut(error, call.urn);
      }),
  };
}

/** Without what lines call the host, which is no difference. */
function unnamed(bag: Bag): Bag {
  const { host } = bag;
  return typeof host === "object" && host !== null ? { ...bag, host: { ...host, name: undefined } } : bag;
}

/** As short as text can be that has the bits of a UUID: each state keeps it. */
function newToken(): string {
  return Buffer.from(randomUUID().replaceAll("-", ""), "hex").toString("base64url");
}

function inState({ token }: State): InState {
  return { token, isDeployed: true };
}

async function factsIfReached(
  host: Managed,
  inputs: CommonInputs,
  wish: Wish,
  { env, run }: Surroundings,
): Promise<HostFacts | undefined> {
  if (env.PCI_PASSTHROUGH_OFFLINE === "1" || run.unreachedHosts.has(host)) return undefined;
  try {
    return await host.facts("preview", questionsOf(inputs.host, [vmOf(wish)]));
  } catch (error) {
    if (error instanceof PassthroughError) return undefined; // judging has reported it already
    throw error;
  }
}
