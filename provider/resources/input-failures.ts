import { z } from "zod";
import { isLike } from "../likeness";

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

/** For `safeParse`: what is wrong with a value, where its declaration has no words of its own. */
export const IN_WORDS = { error: whatIsWrong };

function whatIsWrong(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") return `must be ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}`;
  if (issue.code === "too_small") return `must be at least ${issue.minimum}`;
  if (issue.code !== "invalid_value") return undefined;
  const given = issue.input;
  const like = typeof given === "string" && issue.values.find((value) => isLike(String(value), given));
  if (like) return `cannot be "${given}": did you mean "${String(like)}"?`;
  return `must be ${listed(issue.values.map((value) => `"${String(value)}"`))}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function listed(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${names.at(-1)}` : names.join();
}

/** Failures as one line, such as `host.port must be a number; vm is missing`. */
export function inOneLine(failures: readonly Failure[]): string {
  return failures.map(({ property, reason }) => (property ? `${property} ${reason}` : reason)).join("; ");
}

/**
 * What is wrong with inputs, by their declaration, each with the property it is about; never `host`, whose value holds
 * secrets.
 */
export function failuresOf(error: z.ZodError, given: unknown, declaration: z.ZodObject): readonly Failure[] {
  return error.issues.flatMap((issue): readonly Failure[] => {
    const property = z.core.toDotPath(issue.path);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownProperty(key, property, namesAt(declaration, issue.path)));
    const reason = isMissing(given, issue.path) ? "is missing" : issue.message;
    if (property === "host") return [{ property: WITHOUT_VALUE, reason: `host ${reason}` }];
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
  if (declaration instanceof z.ZodUnion) return declaration.options.flatMap((option) => namesAt(option, path));
  const [first, ...rest] = path;
  if (declaration instanceof z.ZodObject) {
    const member = first === undefined ? undefined : declaration.shape[String(first)];
    return first === undefined ? Object.keys(declaration.shape) : member ? namesAt(member, rest) : [];
  }
  if (declaration instanceof z.ZodRecord) return namesAt(declaration.valueType, rest);
  return declaration instanceof z.ZodArray ? namesAt(declaration.element, rest) : [];
}

function isMissing(given: unknown, path: readonly PropertyKey[]): boolean {
  let value = given;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return false;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[name];
  }
  return value === undefined;
}
