/**
 * The assignments of a VM configuration of xend and where they are. Such a file is a Python script that xm runs (xen,
 * tools/python/xen/xm/opts.py, 4.1: execfile), and its variables are the settings. Only what is certain without running
 * it is read: literals assigned at the beginning of a line, to names that no other statement touches.
 *
 * xl reads most of these files too (xl-config-syntax.ts). Where the two differ:
 * - Python accepts CR LF line ends, and a comment without a newline at the end of the file; xl accepts neither.
 * - Python joins `"a" "b"` and `"a" + "b"`, calls functions and has blocks; to xl those are errors.
 * - In both, a later `pci =` discards the earlier one; `+=` is older in Python than in xl (4.13).
 * - xl's numbers include `0x1f` and its names are in lower case; Python's names may have any letters.
 */
import type { XlAssignment, XlElement, XlSetting, XlSyntax, XlValue } from "./xl-config-syntax";
import { type XlConfigError, xlConfigError } from "./xl-config-tokens";

interface Token {
  readonly kind: "name" | "number" | "text" | "sign" | "end";
  readonly start: number;
  readonly end: number;
  /** A name, a number or a sign, or the contents of a plain string: no prefix, no escapes, no triple quotes. */
  readonly text: string;
  readonly plain: boolean;
}

/** The tokens of a logical line, up to a newline or a semicolon outside of brackets. */
type Statement = readonly Token[];

const TRIPLE_QUOTED: readonly RegExp[] = [/"""(?:[^\\]|\\[\s\S])*?"""/y, /'''(?:[^\\]|\\[\s\S])*?'''/y];
const TEXT = /(?:'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*'|"(?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*")/y;
const PREFIX = /(?:[uUbB]?[rR]|[uUbB])(?=['"])/y;
const NAME = /[A-Za-z_][A-Za-z_0-9]*/y;
const NUMBER = /[0-9][0-9A-Za-z_.]*/y;
const SIGN = /\+=|==|!=|<=|>=|\*\*|[-+*/%&|^~<>()[\]{},:.=@`$?!;]/y;
const BLANK = /(?:[ \t\f\r]|\\\r?\n|#[^\n]*)+/y;

/**
 * Parses a file (Latin-1), without the settings that Python code may have changed; an error where Python would refuse
 * the file, or where such code touches `pci` or may do so. Never throws.
 */
export function parseXmSyntax(text: string): XlSyntax | XlConfigError {
  const statements = readStatements(text);
  if ("kind" in statements) return statements;
  const assignments: XlAssignment[] = [];
  const settings = new Map<string, XlSetting>();
  const computed = new Map<string, number>(); // by name, with the offset of the first statement that touches it
  for (const statement of statements) {
    const assignment = readAssignment(text, statement);
    if (!assignment) {
      const setter = statement.find(setsAnyName);
      if (setter) return xlConfigError(text, setter.start, `\`${setter.text}' here may set any name, \`pci' too`);
      for (const token of touchedNames(statement)) if (!computed.has(token.text)) computed.set(token.text, token.start);
      continue;
    }
    assignments.push(assignment);
    const earlier = assignment.operator === "+=" ? (settings.get(assignment.name)?.parts ?? []) : [];
    if (earlier.some((part) => part.value.kind !== assignment.value.kind)) {
      return xlConfigError(
        text,
        assignment.start,
        `\`${assignment.name} +=' adds a list to a string, or a string to a list`,
      );
    }
    settings.set(assignment.name, { parts: [...earlier, assignment] });
  }
  const pci = computed.get("pci");
  if (pci !== undefined) {
    return xlConfigError(text, pci, "`pci' is computed by Python code here, and is not a plain list of quoted strings");
  }
  for (const name of computed.keys()) settings.delete(name);
  return { kind: "syntax", text, assignments, settings };
}

/** Python 2 runs strings and other files with these, gives its names as a dictionary, or takes those of a module. */
const SETTERS_OF_ANY_NAME = ["exec", "execfile", "globals", "locals", "vars"];

function setsAnyName({ kind, text }: Token, index: number, statement: Statement): boolean {
  if (kind !== "name") return false;
  return SETTERS_OF_ANY_NAME.includes(text) || (text === "import" && statement[index + 1]?.text === "*");
}

/**
 * The names whose values a statement may change; in doubt, all of its names. A list has another name once it is
 * mentioned, and changes under that one.
 */
function touchedNames(statement: Statement): readonly Token[] {
  const isPlain = statement[0]?.kind === "name" && isAssigned(statement, 0) && statement.at(-1)?.text !== ":";
  return statement.filter(
    ({ kind, text }, index) => kind === "name" && (!isPlain || text === "pci" || isAssigned(statement, index)),
  );
}

function isAssigned(statement: Statement, index: number): boolean {
  const next = statement[index + 1];
  return next?.kind === "sign" && next.text === "=";
}

/** `name = literal` or `name += literal` on a line that is not indented. */
function readAssignment(text: string, statement: Statement): XlAssignment | undefined {
  const [name, operator, ...rest] = statement;
  if (name?.kind !== "name" || (operator?.text !== "=" && operator?.text !== "+=")) return undefined;
  const line = text.lastIndexOf("\n", name.start - 1) + 1;
  if (/[ \t\f]/.test(text.charAt(line))) return undefined; // within a block
  const value = readValue(rest);
  return value && { name: name.text, operator: operator.text, value, start: name.start, end: value.end };
}

function readValue(tokens: readonly Token[]): XlValue | undefined {
  const [first, ...rest] = tokens;
  if (!first) return undefined;
  if (rest.length === 0) return textValue(first);
  const last = rest.at(-1);
  if (first.text !== "[" || first.kind !== "sign" || last?.kind !== "sign" || last.text !== "]") return undefined;
  const elements: XlElement[] = [];
  const inside = rest.slice(0, -1);
  for (let index = 0; index < inside.length; index += 2) {
    const [element, comma] = [inside[index], inside[index + 1]];
    const value = element && textValue(element);
    if (!value || (comma && !(comma.kind === "sign" && comma.text === ","))) return undefined;
    elements.push({ value, comma: comma?.start });
  }
  return { kind: "list", start: first.start, end: last.end, elements };
}

function textValue({ kind, plain, start, end, text }: Token): XlValue | undefined {
  return (kind === "text" && plain) || kind === "number" ? { kind: "text", start, end, text } : undefined;
}

function readStatements(text: string): readonly Statement[] | XlConfigError {
  const statements: Token[][] = [];
  const open: Token[] = [];
  let current: Token[] = [];
  const finish = () => {
    if (current.length > 0) statements.push(current);
    current = [];
  };
  let offset = 0;
  while (offset < text.length) {
    const blank = match(BLANK, text, offset);
    if (blank !== undefined) {
      offset += blank.length;
      continue;
    }
    if (text[offset] === "\n") {
      if (open.length === 0) finish();
      offset += 1;
      continue;
    }
    const token = readToken(text, offset);
    if (typeof token === "string") return xlConfigError(text, offset, token);
    offset = token.end;
    if (token.kind === "sign" && "([{".includes(token.text)) open.push(token);
    if (token.kind === "sign" && ")]}".includes(token.text)) {
      const opened = open.pop();
      if (!opened || "([{".indexOf(opened.text) !== ")]}".indexOf(token.text)) {
        return xlConfigError(text, token.start, `\`${token.text}' has nothing to close`);
      }
    }
    if (token.kind === "sign" && token.text === ";" && open.length === 0) finish();
    else current.push(token);
  }
  const unclosed = open.at(-1);
  if (unclosed) return xlConfigError(text, unclosed.start, `\`${unclosed.text}' is not closed`);
  if (/\\\r?\n?$/.test(text))
    return xlConfigError(text, text.length - 1, "the file ends in the middle of a continued line");
  finish();
  return statements;
}

/** The token at the offset, or why Python refuses the file there. */
function readToken(text: string, offset: number): Token | string {
  const prefix = match(PREFIX, text, offset) ?? "";
  const quoteStart = offset + prefix.length;
  for (const pattern of TRIPLE_QUOTED) {
    const quoted = match(pattern, text, quoteStart);
    if (quoted !== undefined)
      return { kind: "text", start: offset, end: quoteStart + quoted.length, text: "", plain: false };
  }
  const quoted = match(TEXT, text, quoteStart);
  if (quoted !== undefined && !text.startsWith(quoted.charAt(0).repeat(3), quoteStart)) {
    const inside = quoted.slice(1, -1);
    const plain = prefix === "" && !inside.includes("\\");
    return { kind: "text", start: offset, end: quoteStart + quoted.length, text: inside, plain };
  }
  if (text[quoteStart] === "'" || text[quoteStart] === '"') return "a quoted string is not closed";
  for (const [kind, pattern] of [
    ["name", NAME],
    ["number", NUMBER],
    ["sign", SIGN],
  ] as const) {
    const word = match(pattern, text, offset);
    if (word !== undefined) return { kind, start: offset, end: offset + word.length, text: word, plain: true };
  }
  return `Python cannot read \`${text[offset]}' here`;
}

function match(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0];
}
