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

/**
 * What is wrong with inputs, by their declaration, each with the property it is about; never `host`, whose value holds
 * secrets.
 */
export function failuresOf(error: z.ZodError, given: Bag, declaration: z.ZodObject): readonly Failure[] {
  return error.issues.flatMap((issue): readonly Failure[] => {
    const property = z.core.toDotPath(issue.path);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownProperty(key, property, namesAt(declaration, issue.path)));
    const reason = isMissing(given, issue.path) ? "is missing" : issue.message;
    if (property === "host") return [{ property: WITHOUT_VALUE, reason: `host: ${reason}` }];
    return [{ property: property || "device", reason }];
  });
}

function unknownProperty(key: string, parent: string, names: readonly string[]): Failure {
  const like = names.find((name) => isLike(name, key));
  const hint = like === undefined ? "" : `: did you mean "${like}"?`;
  // The value of a name that we do not know may be a secret.
  return { property: WITHOUT_VALUE, reason: `${parent ? `${parent}: ` : ""}there is no property "${key}"${hint}` };
}

/** What the members of a value may be called. */
function namesAt(declaration: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  if (declaration instanceof z.ZodOptional) return namesAt(declaration.unwrap(), path);
  const [first, ...rest] = path;
  if (declaration instanceof z.ZodObject) {
    const member = first === undefined ? undefined : declaration.shape[String(first)];
    return first === undefined ? Object.keys(declaration.shape) : member ? namesAt(member, rest) : [];
  }
  if (declaration instanceof z.ZodRecord) return namesAt(declaration.valueType, rest);
  return declaration instanceof z.ZodArray ? namesAt(declaration.element, rest) : [];
}

function isMissing(given: Bag, path: readonly PropertyKey[]): boolean {
  let value: unknown = given;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return false;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[name];
  }
  return value === undefined;
}

/** Whether one is the other but for its case, the order of its letters, or a letter or two. */
export function isLike(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  const sorted = (text: string) => [...text].sort().join("");
  return sorted(one) === sorted(other) || distance(one, other) <= (Math.max(a.length, b.length) > 4 ? 2 : 1);
}

/** The number of letters to add, remove or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}
