/**
 * The tokens of an xl config file, as the lexer of libxlu reads them (xen, tools/libs/util/libxlu_cfg_l.l and
 * libxlu_cfg.c, 4.22). A carriage return is not space: xl refuses a file with CR LF line ends, except after comments. A
 * stray character at the very end of a file, which xl overlooks, is refused here.
 */

/**
 * The kinds of tokens. A number is a `text`, as in libxlu, where each setting converts its own value. A comment is part
 * of the newline that ends it.
 */
export type XlTokenKind = "name" | "text" | "newline" | "end" | "," | "[" | "]" | "=" | "+=" | ";";

/** A token; `start` and `end` are offsets in the file, `end` is exclusive. */
export interface XlToken {
  readonly kind: XlTokenKind;
  readonly start: number;
  readonly end: number;
  /** A name or a number, or the inside of a quoted string with its escapes resolved. */
  readonly text: string;
}

/** Why a file cannot be read or edited, and the line, counted from 1. */
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

/** The tokens of a whole file, the last of kind `end`; an error where xl would refuse the file. Never throws. */
export function readXlTokens(text: string): readonly XlToken[] | XlConfigError {
  const tokens: XlToken[] = [];
  let offset = 0;
  while (offset < text.length) {
    if (text[offset] === " " || text[offset] === "\t") {
      offset += 1;
      continue;
    }
    const token = readToken(text, offset);
    if (typeof token === "string") return xlConfigError(text, offset, token);
    tokens.push(token);
    offset = token.end;
  }
  return [...tokens, { kind: "end", start: offset, end: offset, text: "" }];
}

/** The error for an offset in the text. */
export function xlConfigError(text: string, offset: number, reason: string): XlConfigError {
  return { kind: "error", line: text.slice(0, offset).split("\n").length, reason };
}

/**
 * Quotes a string, with escapes that every xl reads for quotes, backslashes and the usual control characters. NUL
 * cannot be written: no xl config can hold it.
 */
export function quoteXl(value: string, quote: "'" | '"'): string {
  const named = new Map([...ESCAPED].map(([letter, character]) => [character, letter]));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these need an escape.
  const escaped = value.replace(/[\x07\b\f\n\r\t\v\\'"]/g, (character) =>
    (character === "'" || character === '"') && character !== quote ? character : `\\${named.get(character)}`,
  );
  return `${quote}${escaped}${quote}`;
}

/** The token at the offset, or why xl refuses the file there. */
function readToken(text: string, offset: number): XlToken | string {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = offset;
    const raw = pattern.exec(text)?.[0];
    if (raw === undefined) continue;
    const quoted = raw[0] === "'" || raw[0] === '"';
    const value = quoted ? resolveEscapes(raw.slice(1, -1)) : kind === "newline" ? "" : raw;
    return value === undefined
      ? "a quoted string holds an escape or a NUL that xl cannot read"
      : { kind, start: offset, end: offset + raw.length, text: value };
  }
  return reasonUnreadable(text[offset]);
}

function reasonUnreadable(character: string | undefined): string {
  switch (character) {
    case "\r":
      return "the line ends in CR LF, which xl cannot read";
    case "#":
      return "the file ends in a comment without a newline, which xl cannot read";
    case "'":
    case '"':
      return "a quoted string does not end on its line";
    default:
      return `xl cannot read \`${character}' here (it does not read Python)`;
  }
}

/**
 * What xlu__cfgl_dequote makes of the inside of a quoted string; undefined for what it refuses. Its numeric escapes are
 * broken from 4.2 to 4.22: it always refuses `\x41`, and `\101` needs two more digits and then yields nothing.
 */
function resolveEscapes(inside: string): string | undefined {
  let text = "";
  let offset = 0;
  while (offset < inside.length) {
    const character = inside.charAt(offset);
    if (character === "\0") return undefined;
    if (character !== "\\") {
      text += character;
      offset += 1;
      continue;
    }
    const letter = inside.charAt(offset + 1);
    const plain = ESCAPED.get(letter);
    const digits = /^[0-7]$/.test(letter)
      ? /^[ \t\v\f\r]*[+-]?[0-9]+/.exec(inside.slice(offset + 2, offset + 5))
      : null;
    if (plain === undefined && (digits === null || digits[0].length < 2)) return undefined;
    text += plain ?? "";
    offset += 2 + (plain === undefined ? (digits?.[0].length ?? 0) : 0);
  }
  return text;
}
