/** Stands for a text that is not known yet. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * The texts that stand for unknown values, one for each type
 * (pulumi/pulumi pkg/resource/plugin/rpc.go, v3.259.0; the Node.js SDK itself sends only the first).
 */
const UNKNOWN = new Set([
  UNKNOWN_TEXT,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Whether a value is unknown, or contains an unknown value at any depth. */
export function containsUnknown(value: unknown): boolean {
  if (typeof value === "string") return UNKNOWN.has(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(containsUnknown);
}
