/** Whether two values are equal as JSON, whatever the order of their members. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (!hasMembers(a) || !hasMembers(b)) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  return Object.keys({ ...a, ...b }).every((name) => sameValue(a[name], b[name]));
}

function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
