import type { Claim, ClaimReading } from "../claims/claim";
import { CLAIM_FILES, readClaimFile } from "../claims/claim-file";
import type { Fact } from "./answers";
import { readTextFiles } from "./text-files";

/** A claim with its key: the id of the resource without the machine, `AssignableDevice/0000:01:00.0`. */
export interface KeyedClaim {
  readonly key: string;
  readonly claim: Claim;
}

/** A claim that cannot be read: whoever would change what it is about is refused. */
export interface UnreadableClaim {
  readonly key: string;
  readonly unreadable: Exclude<ClaimReading, { kind: "claim" }>;
}

/** All claims on the host, of this stack and of others. An unreadable one is in it with its error. */
export const claimsFact: Fact<readonly (KeyedClaim | UnreadableClaim)[]> = {
  name: "claims",
  about: ["claims"],
  ask: `print_files ${CLAIM_FILES}`,
  parse: (answer) =>
    readTextFiles(answer.text).map((file) => {
      const { key, reading } = readClaimFile(file.path, file.text);
      return reading.kind === "claim" ? { key, claim: reading.claim } : { key, unreadable: reading };
    }),
};

/** The claims that can be read. */
export function readableClaims(facts: {
  readonly claims: readonly (KeyedClaim | UnreadableClaim)[];
}): readonly KeyedClaim[] {
  return facts.claims.filter((claim) => "claim" in claim);
}
