/** Where an entry goes into a list of an xl config file, and what goes with it when it leaves: one the inverse of the other. */

import type { XlElement, XlList, XlRange } from "./xl-config-syntax";
import { quoteXl } from "./xl-config-tokens";

/** Text instead of a range; an empty range is an insertion. Changes of one edit do not overlap and stand in order. */
export interface XlChange extends XlRange {
  readonly text: string;
}

export function applyChanges(text: string, changes: readonly XlChange[]): string {
  return changes.reduceRight((left, { start, end, text: put }) => left.slice(0, start) + put + left.slice(end), text);
}

/** Puts a text behind the last element, in the manner of its neighbours: their quotes, lines, indentation and trailing comma. */
export function insertLast(text: string, list: XlList, value: string): readonly XlChange[] {
  const last = list.elements.at(-1);
  if (!last) return [insertOnly(text, list, quoteXl(value, "'"))];
  const word = quoteXl(value, text[last.value.start] === '"' ? '"' : "'");
  const behind = last.comma === undefined ? last.value.end : last.comma + 1;
  const place = endOfComment(text, behind);
  const gap = gapBefore(text, last.value.start);
  const ownLine = place > behind || gap.startsWith("\n");
  const lead = ownLine ? `\n${indentation(text, list, last)}` : list.elements.length > 1 ? gap : " ";
  return last.comma === undefined
    ? [insert(behind, ","), insert(place, lead + word)]
    : [insert(place, `${lead}${word},`)];
}

/** Takes out one element with its comma and the space before it; comments stay. */
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
  // A newline that ends a comment must stay when something stands behind the element, or the comment would swallow that.
  const between = text.slice(previous ? (previous.comma ?? previous.value.end) : list.start, value.start);
  const kept = between.includes("#") && gap.startsWith("\n") && !endsLine(text, next) ? 1 : 0;
  return [...before, cut(value.start - gap.length + kept, end), ...after];
}

function insertOnly(text: string, list: XlList, word: string): XlChange {
  const open = list.start + 1;
  const comment = endOfComment(text, open);
  const lineEnd = comment > open ? comment : open + blanks(text, open);
  if (endsLine(text, lineEnd)) return insert(lineEnd, `\n${lineIndentation(text, list.start)}    ${word}`);
  return insert(open, text[open] === "]" ? word : ` ${word}`);
}

function insert(at: number, text: string): XlChange {
  return { start: at, end: at, text };
}

function cut(start: number, end: number): XlChange {
  return { start, end, text: "" };
}

/** The blanks right before a place, with one newline before them when they begin the line. */
function gapBefore(text: string, at: number): string {
  let start = at;
  while (text[start - 1] === " " || text[start - 1] === "\t") start -= 1;
  return text.slice(text[start - 1] === "\n" ? start - 1 : start, at);
}

/** Python, which reads such files for xm, takes CR LF too. */
function endsLine(text: string, at: number): boolean {
  return text[at] === "\n" || (text[at] === "\r" && text[at + 1] === "\n");
}

function blanks(text: string, at: number): number {
  let end = at;
  while (text[end] === " " || text[end] === "\t") end += 1;
  return end - at;
}

/** Behind the comment that follows on the same line, or the place itself when there is none. */
function endOfComment(text: string, at: number): number {
  const comment = /[ \t]*#[^\n]*/y;
  comment.lastIndex = at;
  return at + (comment.exec(text)?.[0].length ?? 0);
}

/** As far in as the first element on the line of this one. */
function indentation(text: string, list: XlList, element: XlElement): string {
  const line = lineStart(text, element.value.start);
  const first = list.elements.find(({ value }) => value.start >= line) ?? element;
  return text.slice(line, first.value.start).replace(/[^\t]/g, " ");
}

function lineIndentation(text: string, at: number): string {
  const line = lineStart(text, at);
  return text.slice(line, line + blanks(text, line));
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}
