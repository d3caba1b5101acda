/**
 * The kernel command line as words, read as the kernel reads it (linux, lib/cmdline.c, next_arg, and kernel/params.c,
 * parse_args, 6.x). Quotes may begin in the middle of a word, a backslash is nothing special, and behind a word `--`
 * all is for init.
 */
import { type CommandLineEdit, editError, edited } from "./boot-edit";

/** One argument. `text` is as it stands in the line; `name` and `value` are what the kernel makes of it. */
export interface KernelArgument {
  readonly text: string;
  readonly name: string;
  /** Undefined for a word without `=`. */
  readonly value: string | undefined;
  /** Where `text` stands in the line. */
  readonly start: number;
  readonly end: number;
  /** Where the value stands without its quotes; both are `end` for a word without `=`. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

// isspace of the kernel, lib/ctype.c: 0xa0 is one.
const isSpace = (character: string | undefined) => character !== undefined && /[ \t\n\v\f\r\xa0]/.test(character);

/** The arguments that the kernel heeds, in their order; those behind `--` are not among them. */
export function readCommandLine(line: string): readonly KernelArgument[] {
  const { all, separator } = words(line);
  return separator === undefined ? all : all.slice(0, separator);
}

/** The arguments of that name; to the kernel `-` and `_` are the same in names. */
export function findArguments(line: string, name: string): readonly KernelArgument[] {
  return readCommandLine(line).filter((argument) => sameName(argument.name, name));
}

/** Adds an argument behind all others, before `--`; nothing when exactly this word is there already. */
export function withArgument(argument: string): CommandLineEdit {
  return (line) => {
    if (hasArgument(line, argument)) return edited(line);
    const text = appended(line, argument);
    return hasArgument(text, argument)
      ? edited(text)
      : editError(
          `a quotation mark in "${line}" is never closed, and the kernel would take ${argument} as part of it. Close it first`,
        );
  };
}

/** Takes out the last of exactly this word, and the one space that withArgument put before it. */
export function withoutArgument(argument: string): CommandLineEdit {
  return (line) => {
    const found = readCommandLine(line)
      .filter((word) => word.text === argument)
      .at(-1);
    return edited(found ? cut(line, found) : line);
  };
}

/** Whether exactly this word is there, where the kernel heeds it. */
export function hasArgument(line: string, argument: string): boolean {
  return readCommandLine(line).some((word) => word.text === argument);
}

/** The line with another value of that argument, its quotes left as they are. */
export function withValue(line: string, argument: KernelArgument, value: string): string {
  return line.slice(0, argument.valueStart) + value + line.slice(argument.valueEnd);
}

/** The line without that argument. */
export function cut(line: string, { start, end }: KernelArgument): string {
  if (start > 0) return line.slice(0, start - 1) + line.slice(end);
  return line.slice(isSpace(line[end]) ? end + 1 : end);
}

/** Whether the kernel takes two names of arguments for the same: `-` and `_` are one to it. */
export function sameName(a: string, b: string): boolean {
  return a.replaceAll("-", "_") === b.replaceAll("-", "_");
}

function appended(line: string, argument: string): string {
  const { all, separator } = words(line);
  const init = separator === undefined ? undefined : all[separator];
  if (!init) return line === "" ? argument : `${line} ${argument}`;
  const last = all[(separator ?? 0) - 1];
  return last
    ? `${line.slice(0, last.end)} ${argument}${line.slice(last.end)}`
    : `${line.slice(0, init.start)}${argument} ${line.slice(init.start)}`;
}

/** All words, and the index of `--`. */
function words(line: string): { readonly all: readonly KernelArgument[]; readonly separator: number | undefined } {
  const all: KernelArgument[] = [];
  let separator: number | undefined;
  let position = 0;
  for (;;) {
    while (isSpace(line[position])) position++;
    if (position >= line.length) return { all, separator };
    const word = readWord(line, position);
    if (separator === undefined && word.name === "--" && word.value === undefined) separator = all.length;
    all.push(word);
    position = word.end;
  }
}

function readWord(line: string, start: number): KernelArgument {
  const quoted = line[start] === '"';
  const from = quoted ? start + 1 : start;
  let inQuote = quoted;
  let equals: number | undefined;
  let end = from;
  for (; end < line.length && (inQuote || !isSpace(line[end])); end++) {
    // The kernel keeps the place of "=" in a number whose 0 means none: one at the very beginning does not count.
    if (line[end] === "=" && equals === undefined && end > from) equals = end;
    if (line[end] === '"') inQuote = !inQuote;
  }
  const closed = end > from && line[end - 1] === '"';
  const text = line.slice(start, end);
  if (equals === undefined) {
    const name = line.slice(from, quoted && closed ? end - 1 : end);
    return { text, name, value: undefined, start, end, valueStart: end, valueEnd: end };
  }
  const valueQuoted = line[equals + 1] === '"';
  const valueStart = valueQuoted ? equals + 2 : equals + 1;
  const valueEnd = Math.max(valueStart, (valueQuoted || quoted) && closed ? end - 1 : end);
  return {
    text,
    name: line.slice(from, equals),
    value: line.slice(valueStart, valueEnd),
    start,
    end,
    valueStart,
    valueEnd,
  };
}
