import type { Bag } from "../../plan/kind";
import { sameValue } from "../../same-value";

/** How an input differs: by what is declared. */
export type Change = "add" | "delete" | "update";

/**
 * Where inputs differ, as paths that the engine reads: `expect[0].id`, `hosts["xen 1"]`. Only members with these names
 * are compared.
 */
export function inputDifferences(olds: Bag, news: Bag, names: readonly string[]): ReadonlyMap<string, Change> {
  const found = new Map<string, Change>();
  for (const name of names) compare(name, olds[name], news[name], found);
  return found;
}

function compare(path: string, before: unknown, after: unknown, found: Map<string, Change>): void {
  if (sameValue(before, after)) return;
  if (before === undefined) found.set(path, "add");
  else if (after === undefined) found.set(path, "delete");
  else if (isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after))
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(memberPath(path, name, Array.isArray(before)), before[name], after[name], found);
  else found.set(path, "update");
}

/** (pulumi/pulumi, sdk/go/common/resource/property_path.go, v3.259) */
function memberPath(path: string, name: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${name}]`;
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
