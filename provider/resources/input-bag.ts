import { z } from "zod";
import type { Bag } from "../plan/kind";

/**
 * The property of failures without one: the engine prints a property's value, that of `host` with secrets in clear
 * (seen with 3.259).
 */
export const WITHOUT_VALUE = "";

/** What is wrong with an input. */
export interface Failure {
  /** Its path, such as `expect[0].id`; empty where a failure has none. */
  readonly property: string;
  readonly reason: string;
}

/** What is wrong with inputs, each with the property it is about; never `host`, whose value holds secrets. */
export function failuresOf(error: z.ZodError): readonly Failure[] {
  return error.issues.map((issue) =>
    issue.path.length === 1 && issue.path[0] === "host"
      ? { property: WITHOUT_VALUE, reason: `host: ${issue.message}` }
      : { property: z.core.toDotPath(issue.path) || "device", reason: issue.message },
  );
}

/** The members of a bag with these names, as far as it has them. */
export function pick(bag: Bag, names: readonly string[]): Bag {
  return Object.fromEntries(names.flatMap((name) => (name in bag ? [[name, bag[name]]] : [])));
}

/** The value without `undefined` anywhere, which would make the engine lose a resource that was created. */
export function plain(value: unknown): Bag {
  return JSON.parse(JSON.stringify(value)) as Bag;
}

/** Whether two values are equal as JSON, whatever the order of their members. */
export function sameValue(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a.localeCompare(b)))
        : inner,
    ) ?? "undefined"
  );
}
