import type { Claim } from "../claims/claim";
import { claimPath, formatClaimFile, removalPath } from "../claims/claim-file";
import type { Removal } from "../claims/removal";
import type { HostFacts } from "../facts/host-facts";
import type { StepType } from "./step-type";
import { putText, textShell } from "./text-shell";

/** A claim is written, or replaced by a newer version of itself. */
export interface WriteClaim {
  readonly kind: "write-claim";
  readonly key: string;
  readonly before: Claim | undefined;
  readonly claim: Claim;
}

/** A claim ends. */
export interface DropClaim {
  readonly kind: "drop-claim";
  readonly key: string;
  readonly before: Claim;
}

/** The removal of a boot change is noted until the next boot, because its effect lasts until then. */
export interface NoteRemoval {
  readonly kind: "note-removal";
  readonly removal: Removal;
}

const changesClaims = { takes: () => [], moves: () => [], gives: () => [], changes: ["claims"] } as const;

/** Writes the claim's file; assumes that it still has the text of `before`. */
export const writeClaim: StepType<WriteClaim> = {
  ...changesClaims,
  rewrites: ({ key, before }) => (before ? [claimPath(key)] : []),
  after: (facts, { key, claim }) => withoutClaim(facts, key, [{ key, claim }]),
  assumes: (step) => [claimShell(step).assumes],
  perform: (step) => claimShell(step).perform,
  // While anything of it is left on the host, the claim knows what was there before.
  undo: (step) => `[ -z "$left" ] || return 0\n${claimShell(step).undo}`,
  functions: "",
  describe: ({ key }) => `write the claim ${key}`,
};

/** Removes the claim's file; assumes that it still has the text of `before`. */
export const dropClaim: StepType<DropClaim> = {
  ...changesClaims,
  rewrites: ({ key }) => [claimPath(key)],
  after: (facts, { key }) => withoutClaim(facts, key, []),
  assumes: (step) => [claimShell(step).assumes],
  perform: (step) => claimShell(step).perform,
  undo: (step) => claimShell(step).undo,
  functions: "",
  describe: ({ key }) => `remove the claim ${key}`,
};

/** Writes the note below /var/run, which a reboot empties. */
export const noteRemoval: StepType<NoteRemoval> = {
  ...changesClaims,
  rewrites: () => [],
  after: (facts, { removal }) => ({ ...facts, removals: [...facts.removals, removal] }),
  assumes: () => [],
  perform: ({ removal }) => putText(removalPath(removal.key), `${JSON.stringify(removal)}\n`),
  undo: ({ removal }) => putText(removalPath(removal.key), undefined),
  functions: "",
  describe: ({ removal }) => `note that the removal of ${removal.key} waits for a reboot`,
};

function claimShell(step: WriteClaim | DropClaim) {
  const { key, before } = step;
  const after = step.kind === "write-claim" ? formatClaimFile(key, step.claim) : undefined;
  return textShell(claimPath(key), before && formatClaimFile(key, before), after);
}

function withoutClaim(facts: HostFacts, key: string, added: HostFacts["claims"]): HostFacts {
  return { ...facts, claims: [...facts.claims.filter((claim) => claim.key !== key), ...added] };
}
