/**
 * The assignments of a VM configuration of xend and where they stand. Such a file is a Python script that xm runs (xen,
 * tools/python/xen/xm/opts.py, 4.1: execfile), and its variables are the settings. Read is what can be read without running it: a literal that
 * stands at the beginning of a line, and nothing of a name that other statements touch as well.
 *
 * xl reads most of these files too (xl-config-syntax.ts). Where the two differ:
 * - Python takes CR LF for the end of a line, and a comment without a newline at the end of the file; xl neither.
 * - Python joins `"a" "b"` and `"a" + "b"`, calls functions and has blocks; to xl those are errors.
 * - In Python a later `pci =` is the only one; so it is in xl, and `+=` is older in Python than in xl (4.13).
 * - xl has `0x1f` and words of small letters alone; Python has names of any letters.
 */
import type { XlAssignment, XlElement, XlSetting, XlSyntax, XlValue } from "./xl-config-syntax";
import { type XlConfigError, xlConfigError } from "./xl-config-tokens";

interface Token {
  readonly kind: "name" | "number" | "text" | "sign" | "end";
  readonly start: number;
  readonly end: number;
  /** What a plain quoted text holds, a name or a sign; a text with a prefix, with escapes or of many lines is no plain one. */
  readonly text: string;
  readonly plain: boolean;
}

/** The tokens of one logical line, up to a newline outside of brackets or a semicolon. */
type Statement = readonly Token[];

const LONGER: readonly RegExp[] = [/"""(?:[^\\]|\\[\s\S])*?"""/y, /'''(?:[^\\]|\\[\s\S])*?'''/y];
const TEXT = /(?:'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*'|"(?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*")/y;
const PREFIX = /(?:[uUbB]?[rR]|[uUbB])(?=['"])/y;
const NAME = /[A-Za-z_][A-Za-z_0-9]*/y;
const NUMBER = /[0-9][0-9A-Za-z_.]*/y;
const SIGN = /\+=|==|!=|<=|>=|\*\*|[-+*/%&|^~<>()[\]{},:.=@`$?!;]/y;
const BLANK = /(?:[ \t\f\r]|\\\r?\n|#[^\n]*)+/y;

/** Reads a file. Never throws. */
export function parseXmSyntax(text: string): XlSyntax | XlConfigError {
  const statements = readStatements(text);
  if ("kind" in statements) return statements;
  const assignments: XlAssignment[] = [];
  const settings = new Map<string, XlSetting>();
  const obscure = new Map<string, number>();
  for (const statement of statements) {
    const assignment = readAssignment(text, statement);
    if (!assignment) {
      for (const token of touched(statement)) if (!obscure.has(token.text)) obscure.set(token.text, token.start);
      continue;
    }
    assignments.push(assignment);
    const before = assignment.operator === "+=" ? (settings.get(assignment.name)?.parts ?? []) : [];
    if (before.some((part) => part.value.kind !== assignment.value.kind)) {
      return xlConfigError(
        text,
        assignment.start,
        `\`${assignment.name} +=' adds a list to a text or a text to a list`,
      );
    }
    settings.set(assignment.name, { parts: [...before, assignment] });
  }
  const pci = obscure.get("pci");
  if (pci !== undefined) {
    return xlConfigError(text, pci, "`pci' is made by Python code here, and not by a list of quoted texts alone");
  }
  for (const name of obscure.keys()) settings.delete(name);
  return { kind: "syntax", text, assignments, settings };
}

/** The names that a statement may give another value; in doubt all of its names. */
function touched(statement: Statement): readonly Token[] {
  const assigned = statement.findIndex((token) => token.kind === "sign" && token.text === "=");
  const opensBlock = statement.at(-1)?.text === ":";
  const [first] = statement;
  const plainTarget = assigned === 1 && first?.kind === "name" && !opensBlock;
  return plainTarget ? [first] : statement.filter((token) => token.kind === "name");
}

/** `name = literal` or `name += literal` at the beginning of a line, or behind one that is. */
function readAssignment(text: string, statement: Statement): XlAssignment | undefined {
  const [name, operator, ...rest] = statement;
  if (name?.kind !== "name" || (operator?.text !== "=" && operator?.text !== "+=")) return undefined;
  const line = text.lastIndexOf("\n", name.start - 1) + 1;
  if (/[ \t\f]/.test(text.charAt(line))) return undefined; // in a block
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
  for (let at = 0; at < inside.length; at += 2) {
    const [element, comma] = [inside[at], inside[at + 1]];
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
  let at = 0;
  while (at < text.length) {
    const blank = match(BLANK, text, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    if (text[at] === "\n") {
      if (open.length === 0) finish();
      at += 1;
      continue;
    }
    const token = readToken(text, at);
    if (typeof token === "string") return xlConfigError(text, at, token);
    at = token.end;
    if (token.kind === "sign" && "([{".includes(token.text)) open.push(token);
    if (token.kind === "sign" && ")]}".includes(token.text)) {
      const opened = open.pop();
      if (!opened || "([{".indexOf(opened.text) !== ")]}".indexOf(token.text)) {
        return xlConfigError(text, token.start, `there is \`${token.text}' that closes nothing`);
      }
    }
    if (token.kind === "sign" && token.text === ";" && open.length === 0) finish();
    else current.push(token);
  }
  const unclosed = open.at(-1);
  if (unclosed) return xlConfigError(text, unclosed.start, `\`${unclosed.text}' is not closed`);
  if (/\\\r?\n?$/.test(text)) return xlConfigError(text, text.length - 1, "the file ends in a line that goes on");
  finish();
  return statements;
}

function readToken(text: string, at: number): Token | string {
  const prefix = match(PREFIX, text, at) ?? "";
  const from = at + prefix.length;
  for (const pattern of LONGER) {
    const long = match(pattern, text, from);
    if (long !== undefined) return { kind: "text", start: at, end: from + long.length, text: "", plain: false };
  }
  const quoted = match(TEXT, text, from);
  if (quoted !== undefined && !text.startsWith(quoted.charAt(0).repeat(3), from)) {
    const inside = quoted.slice(1, -1);
    const plain = prefix === "" && !inside.includes("\\");
    return { kind: "text", start: at, end: from + quoted.length, text: inside, plain };
  }
  if (text[from] === "'" || text[from] === '"') return "a quoted text does not end";
  for (const [kind, pattern] of [
    ["name", NAME],
    ["number", NUMBER],
    ["sign", SIGN],
  ] as const) {
    const word = match(pattern, text, at);
    if (word !== undefined) return { kind, start: at, end: at + word.length, text: word, plain: true };
  }
  return `Python does not read \`${text[at]}' here`;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
