import * as pulumi from "@pulumi/pulumi";

/** Whether a value, with all that it holds, waits for nothing: no output, no promise. */
export function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined && typeof value !== "function";
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return Object.values(value).every(isPlain);
}
