import { z } from "zod";
import { asciiJson } from "./ascii-json";
import { ClaimEntry, ClaimedAddress } from "./claim-entry";

/** The version of the claim format. Version 1 was that of 0.1.0, which was never released. */
export const CLAIM_VERSION = 2;

/** A function as it was when it was claimed. */
const ClaimedFunction = z.object({
  address: ClaimedAddress,
  /**
   * Vendor and device, subsystem vendor and device, each as `8086:10d3`: the device at the address must still have them
   * later.
   */
  id: z.string(),
  subsystem: z.string(),
  /**
   * The original driver; null for none. Absent when the declaration moves no driver. A function found on the stub stays
   * there.
   */
  driver: z.string().nullable().optional(),
});
/** A function as it was when it was claimed, parsed. */
export type ClaimedFunction = z.infer<typeof ClaimedFunction>;

/** What this project records on the host about one declaration: whose it is, and what was there before. */
export const Claim = z.object({
  version: z.literal(CLAIM_VERSION),
  /** Only in the text of a claim whose key is too long for a file name. */
  key: z.string().optional(),
  /** Random; a delete acts only with the token that the claim still has. */
  token: z.string(),
  /** For people. */
  project: z.string(),
  stack: z.string(),
  label: z.string(),
  /** The types of the resources that it is in, as in its URN; absent where it is in none. */
  parents: z.string().optional(),
  functions: z.array(ClaimedFunction).default([]),
  /** What was written, and what is needed to restore the same bytes. */
  entries: z.array(ClaimEntry).default([]),
  /** The boot in which functions were last bound to the stub driver: in a later boot, a reboot has unbound them. */
  bootId: z.string().optional(),
  /** Names the last write that needs a reboot of the host: `<boot id at that time>/<token>`. */
  bootChange: z.string().optional(),
  /**
   * SriovVirtualFunctions: how many there were before, how many are made, and how many this declaration had made until
   * then: a run that is cut off may leave either.
   */
  virtualFunctions: z.object({ before: z.number(), made: z.number(), formerly: z.number().optional() }).optional(),
  /** HostReboot with `when: "always"`: the triggers that a reboot was started for, and the boot that it was to end. */
  reboot: z.object({ triggers: z.array(z.string()), bootId: z.string() }).optional(),
});
/** What this project records on the host about one declaration, parsed. */
export type Claim = z.infer<typeof Claim>;

/** The text of a claim's file. */
export function formatClaim(claim: Claim): string {
  return `${asciiJson(claim)}\n`;
}

/** A claim, or why it cannot be read: a newer version of this project wrote it, or it is damaged. */
export type ClaimReading =
  | { readonly kind: "claim"; readonly claim: Claim }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged"; readonly reason: string };

/** What a claim of any version may tell of itself. */
const ClaimHead = z.object({
  version: z.number().optional().catch(undefined),
  key: z.string().optional().catch(undefined),
});

/** Reads the text of a claim's file, and the key where the text holds it. Never throws. */
export function parseClaim(text: string): { readonly key: string | undefined; readonly reading: ClaimReading } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { key: undefined, reading: { kind: "damaged", reason: "it is not JSON" } };
  }
  const { version = 0, key } = ClaimHead.safeParse(json).data ?? {};
  if (version > CLAIM_VERSION) return { key, reading: { kind: "newer", version } };
  const parsed = Claim.safeParse(json);
  if (parsed.success) {
    const { key: _, ...claim } = parsed.data;
    return { key, reading: { kind: "claim", claim } };
  }
  const [issue] = parsed.error.issues;
  const reason = issue ? `${z.core.toDotPath(issue.path)}: ${issue.message}` : "it is not a claim";
  return { key, reading: { kind: "damaged", reason } };
}
