/** Insertion of an element into a list of an xl config file, and its removal: each is the inverse of the other. */

import type { XlElement, XlList, XlRange } from "./xl-config-syntax";
import { quoteXl } from "./xl-config-tokens";

/**
 * A text that replaces a range; an empty range is an insertion. The changes of an edit are in order and do not overlap.
 */
export interface XlChange extends XlRange {
  readonly text: string;
}

/** The text after the changes, whose offsets all refer to `text`. */
export function applyChanges(text: string, changes: readonly XlChange[]): string {
  return changes.reduceRight(
    (result, { start, end, text: replacement }) => result.slice(0, start) + replacement + result.slice(end),
    text,
  );
}

/**
 * Inserts a string after the last element, in the style of its neighbours: quotes, lines, indentation and trailing
 * comma.
 */
export function insertLast(text: string, list: XlList, value: string): readonly XlChange[] {
  const last = list.elements.at(-1);
  if (!last) return [insertOnly(text, list, quoteXl(value, "'"))];
  const quoted = quoteXl(value, text[last.value.start] === '"' ? '"' : "'");
  const lastEnd = last.comma === undefined ? last.value.end : last.comma + 1;
  const offset = endOfComment(text, lastEnd);
  const gap = gapBefore(text, last.value.start);
  const ownLine = offset > lastEnd || gap.startsWith("\n");
  const lead = ownLine ? `\n${indentation(text, list, last)}` : list.elements.length > 1 ? gap : " ";
  return last.comma === undefined
    ? [insert(lastEnd, ","), insert(offset, lead + quoted)]
    : [insert(offset, `${lead}${quoted},`)];
}

/** Removes an element with its comma and the space before it; comments stay. `element` must be an element of `list`. */
export function removeElement(text: string, list: XlList, element: XlElement): readonly XlChange[] {
  const index = list.elements.indexOf(element);
  const previous = list.elements[index - 1];
  const { value, comma } = element;
  const commaIsNext = comma !== undefined && /^[ \t]*$/.test(text.slice(value.end, comma));
  const end = commaIsNext ? comma + 1 : value.end;
  const before: XlChange[] = [];
  const after: XlChange[] = [];
  if (comma === undefined && previous?.comma !== undefined) before.push(cut(previous.comma, previous.comma + 1));
  if (comma !== undefined && !commaIsNext) after.push(cut(comma, comma + 1));

  const gap = gapBefore(text, value.start);
  const next = end + blanks(text, end);
  const lineGoesOn = !endsLine(text, next) && text[next] !== "]";
  if (lineGoesOn && (index === 0 || gap.startsWith("\n"))) return [...before, cut(value.start, next), ...after];
  // A newline that ends a comment must stay when something follows the element, or the comment would swallow that.
  const between = text.slice(previous ? (previous.comma ?? previous.value.end) : list.start, value.start);
  const kept = between.includes("#") && gap.startsWith("\n") && !endsLine(text, next) ? 1 : 0;
  return [...before, cut(value.start - gap.length + kept, end), ...after];
}

function insertOnly(text: string, list: XlList, quoted: string): XlChange {
  const open = list.start + 1;
  const comment = endOfComment(text, open);
  const lineEnd = comment > open ? comment : open + blanks(text, open);
  if (endsLine(text, lineEnd)) return insert(lineEnd, `\n${lineIndentation(text, list.start)}    ${quoted}`);
  return insert(open, text[open] === "]" ? quoted : ` ${quoted}`);
}

function insert(offset: number, text: string): XlChange {
  return { start: offset, end: offset, text };
}

function cut(start: number, end: number): XlChange {
  return { start, end, text: "" };
}

/** The blanks right before an offset, and the newline before them when they begin the line. */
function gapBefore(text: string, offset: number): string {
  let start = offset;
  while (text[start - 1] === " " || text[start - 1] === "\t") start -= 1;
  return text.slice(text[start - 1] === "\n" ? start - 1 : start, offset);
}

/** Python, which reads such files for xm, accepts CR LF too. */
function endsLine(text: string, offset: number): boolean {
  return text[offset] === "\n" || (text[offset] === "\r" && text[offset + 1] === "\n");
}

/** How many blanks there are from an offset on. */
function blanks(text: string, offset: number): number {
  let end = offset;
  while (text[end] === " " || text[end] === "\t") end += 1;
  return end - offset;
}

/** The end of the comment that follows on the same line, or the offset itself when there is none. */
function endOfComment(text: string, offset: number): number {
  const comment = /[ \t]*#[^\n]*/y;
  comment.lastIndex = offset;
  return offset + (comment.exec(text)?.[0].length ?? 0);
}

/** The indentation of the first element on the same line as this element. */
function indentation(text: string, list: XlList, element: XlElement): string {
  const line = lineStart(text, element.value.start);
  const first = list.elements.find(({ value }) => value.start >= line) ?? element;
  return text.slice(line, first.value.start).replace(/[^\t]/g, " ");
}

function lineIndentation(text: string, offset: number): string {
  const line = lineStart(text, offset);
  return text.slice(line, line + blanks(text, line));
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}
