import { createHash } from "node:crypto";
import { type Claim, type ClaimReading, formatClaim, parseClaim } from "./claim";
import { RUN_FOLDER, STATE_FOLDER } from "./folders";

/** The glob of all claims' files. */
export const CLAIM_FILES = `${STATE_FOLDER}/claims/*`;

/** File systems of Linux take 255 bytes; replacing a file needs a few more. */
const LONGEST_NAME = 200;

/** The path of a claim's file. */
export function claimPath(key: string): string {
  return `${STATE_FOLDER}/claims/${fileName(key)}`;
}

/** The glob of all files that note removals. */
export const REMOVAL_FILES = `${RUN_FOLDER}/removed/*`;

/** The path of the file that notes the removal of a claim. */
export function removalPath(key: string): string {
  return `${RUN_FOLDER}/removed/${fileName(key)}`;
}

/** A key that is too long for a file name is cut, and its checksum takes the place of the rest. */
function fileName(key: string): string {
  const name = key.replaceAll("/", ",");
  if (name.length <= LONGEST_NAME) return name;
  return `${name.slice(0, LONGEST_NAME - 65)}~${createHash("sha256").update(key).digest("hex")}`;
}

/** The text of a claim's file; it holds the key where the path does not. */
export function formatClaimFile(key: string, claim: Claim): string {
  return keyIn(claimPath(key)) === key ? formatClaim(claim) : formatClaim({ ...claim, key });
}

/** Reads a claim's file. Never throws. */
export function readClaimFile(path: string, text: string): { readonly key: string; readonly reading: ClaimReading } {
  const { key = keyIn(path), reading } = parseClaim(text);
  return { key, reading };
}

function keyIn(path: string): string {
  return path.slice(CLAIM_FILES.length - 1).replaceAll(",", "/");
}
