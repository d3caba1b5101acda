/** The value of a shell assignment, and its edits. */
import type { ShellAssignment } from "./shell-assignments";
import type { Quoting } from "./shell-word";

/** Stands for what only a shell can tell: a character that no file of this kind and no kernel argument has. */
export const EXPANSION = "\0";

/** The value as a shell would have it; `variable` gives the values of the names before it. */
export function expandedValue(assignment: ShellAssignment, variable: (name: string) => string): string {
  const before = assignment.appends ? variable(assignment.name) : "";
  const parts = assignment.parts.map(({ text, expands }) =>
    expands === undefined ? text : expands === "" ? EXPANSION : variable(expands),
  );
  return before + parts.join("");
}

/** The literal part of a value, with EXPANSION for each expansion, `$NAME` included. */
export function literalValue(assignment: ShellAssignment): string {
  return assignment.parts.map((part) => (part.expands === undefined ? part.text : EXPANSION)).join("");
}

/**
 * The text of the file with another literal value, quoted as its place needs it. Undefined where that cannot be: an
 * expansion would go, or the quotes cannot hold the new text.
 */
export function withLiteralValue(text: string, assignment: ShellAssignment, value: string): string | undefined {
  const before = [...literalValue(assignment)];
  const after = [...value];
  let same = 0;
  while (same < Math.min(before.length, after.length) && before[same] === after[same]) same++;
  let sameEnd = 0;
  const most = Math.min(before.length, after.length) - same;
  while (sameEnd < most && before.at(-1 - sameEnd) === after.at(-1 - sameEnd)) sameEnd++;
  const removed = assignment.parts.slice(same, before.length - sameEnd);
  if (removed.some((part) => part.expands !== undefined)) return undefined;
  const place = insertionPlace(assignment, same);
  const inserted = quoteFor(after.slice(same, after.length - sameEnd).join(""), place.quoting);
  if (inserted === undefined) return undefined;
  const changes = [
    ...removed.map(({ start, end }) => ({ start, end, text: "" })),
    { start: place.offset, end: place.offset, text: inserted },
  ].sort((a, b) => b.start - a.start || b.end - a.end);
  return changes.reduce(
    (edited, change) => edited.slice(0, change.start) + change.text + edited.slice(change.end),
    text,
  );
}

/** Where text goes that stands behind that many parts of the value. */
function insertionPlace({ parts, tail }: ShellAssignment, index: number): ShellAssignment["tail"] {
  const previous = parts[index - 1];
  if (previous) return index === parts.length ? tail : { offset: previous.end, quoting: previous.quoting };
  const [first] = parts;
  return first ? { offset: first.start, quoting: first.quoting } : tail;
}

function quoteFor(text: string, quoting: Quoting): string | undefined {
  if (/[\n\0]/.test(text)) return undefined;
  switch (quoting) {
    case "single":
      return text.includes("'") ? undefined : text;
    case "double":
      return text.replaceAll(/[\\"$`]/g, "\\$&");
    case "none":
      return text.replaceAll(/[^\w.,:=/@%+-]/g, "\\$&");
  }
}
