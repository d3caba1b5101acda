import { randomUUID } from "node:crypto";
import { formatId } from "../claims/claim-key";
import { PassthroughError, sentence, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { findClaim, isSameStack } from "../plan/claim";
import type { HostInput } from "../plan/inputs/host-input";
import type { Bag } from "../plan/kind";
import { changesOnlyClaims, type ImportSubject, isThere, tryImport } from "../plan/kinds/import-candidates";
import { KINDS, keyOf, statusOfWish } from "../plan/kinds/kinds";
import type { Plan } from "../plan/plan";
import type { Call } from "./call";
import { plain } from "./input-bag";
import { questionsOf } from "./questions";
import type { State } from "./state";
import type { Surroundings } from "./surroundings";
import { ownerOf } from "./wanted";

/** What a state says of a resource that was imported while no claim on the host was of this stack. */
const WITHOUT_CLAIM = "imported-";

/** A resource as a host has it already. */
export interface Imported {
  readonly state: State;
  /** What a program declares it by, without `host`. */
  readonly inputs: Bag;
}

/**
 * Finds what is on a host already, as a resource whose declaration changes nothing there. Throws PassthroughError where
 * there is nothing of that kind, and where another stack or a guard speaks against it.
 */
export async function importResource(
  { hostFor }: Pick<Surroundings, "hostFor">,
  call: Call,
  subject: ImportSubject,
  input: HostInput,
): Promise<Imported> {
  const { kind } = subject;
  const host = hostFor(input);
  const what = [kind, subject.device, subject.vm].filter((word) => word !== undefined).join(" ");
  const because = (reason: string) =>
    new PassthroughError(unable({ purpose: `import ${what}`, host: host.name, reason }), { host: host.name });
  const named = KINDS[kind].inputs.safeParse({
    host: input,
    ...importNames(subject),
    ...(kind === "SriovVirtualFunctions" ? { count: 1 } : {}),
  });
  if (!named.success) throw because(named.error.issues.map(({ message }) => message).join("; "));
  const facts = await host.facts("work", questionsOf(input, [subject.vm]));
  const owner = ownerOf(call.urn, { token: undefined, isDeployed: false });
  const tried = tryImport({ ...subject, device: deviceOf(named.data) }, facts, input, owner);
  const found = tried.find(isThere);
  if (!found) throw because(whyNot(tried.map(({ plan }) => plan)));
  const key = keyOf(facts, found.wish) ?? "";
  const outputs = { host: input, ...found.inputs, ...plain(statusOfWish(facts, found.wish, key)) };
  return {
    state: { id: formatId(facts.machine.id ?? "", key), outputs, token: tokenFor(facts, key, call) },
    inputs: found.inputs,
  };
}

/** A claim of this stack is that of a state that was lost. */
function tokenFor(facts: HostFacts, key: string, { urn }: Call): string {
  const claim = findClaim(facts, key);
  return claim && isSameStack(claim, urn) ? claim.token : `${WITHOUT_CLAIM}${randomUUID()}`;
}

/** Whether a plan is empty for a resource of this token: the claim of an imported one is written by its first change. */
export function isSettled(plan: Plan, token: string): boolean {
  const nothing = plan.steps.length === 0 && plan.regenerate.length === 0 && plan.reboot === undefined;
  return nothing || (token.startsWith(WITHOUT_CLAIM) && changesOnlyClaims(plan));
}

function importNames({ device, vm }: ImportSubject): Bag {
  return { ...(device === undefined ? {} : { device }), ...(vm === undefined ? {} : { vm }) };
}

function deviceOf(inputs: Bag): string | undefined {
  return typeof inputs.device === "string" ? inputs.device : undefined;
}

function whyNot([plainest, ...others]: readonly Plan[]): string {
  const refused = plainest?.refusals.map(({ message }) => sentence(message)) ?? [];
  if (refused.length > 0) return refused.join("\n");
  const effects = [plainest, ...others].flatMap((plan) => plan?.effects.map(({ text }) => text) ?? []);
  return `the host would have to change for it: ${[...new Set(effects)].slice(0, 3).join("; ")}. Declare it and run "pulumi up" instead`;
}
