/**
 * The words of an xl config file, as the lexer of libxlu reads them (xen, tools/libs/util/libxlu_cfg_l.l and libxlu_cfg.c, 4.22).
 * A carriage return is no space there: xl refuses a file with CR LF line ends, but for lines that are comments. One stray character as
 * the very last of a file, which xl overlooks, is refused here.
 */

/** A number is text to libxlu too: each setting converts for itself. A comment is part of the newline that ends it. */
export type XlTokenKind = "name" | "text" | "newline" | "end" | "," | "[" | "]" | "=" | "+=" | ";";

export interface XlToken {
  readonly kind: XlTokenKind;
  readonly start: number;
  readonly end: number;
  /** A name as it stands, and what is inside the quotes of a text with its escapes resolved; else empty. */
  readonly text: string;
}

/** Why xl refuses a file, and at which line, counted from 1. */
export interface XlConfigError {
  readonly kind: "error";
  readonly line: number;
  readonly reason: string;
}

const PATTERNS: readonly (readonly [XlTokenKind, RegExp])[] = [
  ["name", /[a-z][._0-9a-z]*/y],
  ["text", /[0-9][0-9a-fx]*/y],
  ["text", /'[^'\\\n]*(?:\\[^\n][^'\\\n]*)*'/y],
  ["text", /"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"/y],
  ["newline", /(?:#[^\n]*)?\n/y],
  [",", /,/y],
  ["[", /\[/y],
  ["]", /\]/y],
  ["+=", /\+=/y],
  ["=", /=/y],
  [";", /;/y],
];

const ESCAPED: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["'", "'"],
  ['"', '"'],
  ["\\", "\\"],
]);

/** The tokens of a whole file, the last of kind `end`. */
export function readXlTokens(text: string): readonly XlToken[] | XlConfigError {
  const tokens: XlToken[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === " " || text[at] === "\t") {
      at += 1;
      continue;
    }
    const token = readToken(text, at);
    if (typeof token === "string") return xlConfigError(text, at, token);
    tokens.push(token);
    at = token.end;
  }
  return [...tokens, { kind: "end", start: at, end: at, text: "" }];
}

export function xlConfigError(text: string, at: number, reason: string): XlConfigError {
  return { kind: "error", line: text.slice(0, at).split("\n").length, reason };
}

/** Writes a text value; control characters but NUL, which no xl config can hold, get an escape that every xl reads. */
export function quoteXl(value: string, quote: "'" | '"'): string {
  const named = new Map([...ESCAPED].map(([letter, character]) => [character, letter]));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what needs an escape.
  const escaped = value.replace(/[\x07\b\f\n\r\t\v\\'"]/g, (character) =>
    (character === "'" || character === '"') && character !== quote ? character : `\\${named.get(character)}`,
  );
  return `${quote}${escaped}${quote}`;
}

function readToken(text: string, at: number): XlToken | string {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const raw = pattern.exec(text)?.[0];
    if (raw === undefined) continue;
    const quoted = raw[0] === "'" || raw[0] === '"';
    const value = quoted ? resolveEscapes(raw.slice(1, -1)) : kind === "newline" ? "" : raw;
    return value === undefined
      ? "a quoted text holds a backslash or a NUL that xl does not read"
      : { kind, start: at, end: at + raw.length, text: value };
  }
  return complaint(text, at);
}

function complaint(text: string, at: number): string {
  switch (text[at]) {
    case "\r":
      return "a line ends in CR LF, which xl does not read";
    case "#":
      return "the file ends in a comment without a newline, which xl does not read";
    case "'":
    case '"':
      return "a quoted text does not end on its line";
    default:
      return `xl does not read \`${text[at]}' here (it reads no Python)`;
  }
}

/**
 * What xlu__cfgl_dequote makes of the inside of a quoted text; undefined for what it refuses. Its numeric escapes are broken from 4.2
 * to 4.22: `\x41` is always refused, and `\101` needs two digits more and then stands for nothing.
 */
function resolveEscapes(inside: string): string | undefined {
  let text = "";
  let at = 0;
  while (at < inside.length) {
    const character = inside.charAt(at);
    if (character === "\0") return undefined;
    if (character !== "\\") {
      text += character;
      at += 1;
      continue;
    }
    const letter = inside.charAt(at + 1);
    const plain = ESCAPED.get(letter);
    const digits = /^[0-7]$/.test(letter) ? /^[ \t\v\f\r]*[+-]?[0-9]+/.exec(inside.slice(at + 2, at + 5)) : null;
    if (plain === undefined && (digits === null || digits[0].length < 2)) return undefined;
    text += plain ?? "";
    at += 2 + (plain === undefined ? (digits?.[0].length ?? 0) : 0);
  }
  return text;
}
