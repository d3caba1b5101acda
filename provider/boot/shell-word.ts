/**
 * A word of a shell text, and where each of its characters is written (POSIX.1-2024, Shell Command Language, 2.2
 * Quoting and 2.6 Word Expansions). All offsets are in the whole text; each `end` is exclusive.
 */

/** The quotes that a character is written in. A backslash counts as none. */
export type Quoting = "none" | "double" | "single";

/** One character of a word, or a whole expansion. */
export interface WordPart {
  /** The character without its quoting; for an expansion its source text. */
  readonly text: string;
  /**
   * Undefined for a character. For `$NAME` and `${NAME}` the name; "" for an expansion whose value only a shell can
   * tell: `$(…)`, `${NAME:-x}`, a backquote, `$'…'`, a tilde.
   */
  readonly expands?: string;
  readonly quoting: Quoting;
  readonly start: number;
  readonly end: number;
}

/** A word. */
export interface ShellWord {
  readonly parts: readonly WordPart[];
  /** Where more of the word would be inserted, and the quoting there. */
  readonly tail: { readonly offset: number; readonly quoting: Quoting };
  readonly end: number;
  /** Whether a quote or an expansion is still open at the end of the text, which no shell accepts. */
  readonly unclosed: boolean;
}

/** Where an expansion ends. */
interface Extent {
  readonly end: number;
  readonly unclosed: boolean;
}

/** No file has deeper nesting of expansions; beyond it they count as unclosed. */
const DEEPEST = 50;

/** Reads the word that begins at an offset, up to a blank or an operator. Never throws. */
export function readShellWord(text: string, start: number): ShellWord {
  const parts: WordPart[] = [];
  let tail: ShellWord["tail"] = { offset: start, quoting: "none" };
  let offset = start;
  let unclosed = false;
  const add = (part: WordPart) => {
    parts.push(part);
    tail = { offset: part.end, quoting: part.quoting };
    offset = part.end;
  };
  const addExpansion = (quoting: Quoting, extent: Extent, name = "") => {
    unclosed ||= extent.unclosed;
    add({ text: text.slice(offset, extent.end), expands: name, quoting, start: offset, end: extent.end });
  };
  const addDollarOrBackquote = (quoting: Quoting) => {
    const variable = variableAt(text, offset);
    const extent = variable ?? expansionAt(text, offset, quoting === "double", 0);
    if (extent) addExpansion(quoting, extent, variable?.name);
    else add({ text: "$", quoting, start: offset, end: offset + 1 });
  };
  while (offset < text.length && !/[ \t\r\n;&|()<>]/.test(text.charAt(offset))) {
    const character = text.charAt(offset);
    const next = text.charAt(offset + 1);
    if (character === "'") {
      const close = text.indexOf("'", offset + 1);
      const end = close < 0 ? text.length : close;
      unclosed ||= close < 0;
      for (offset += 1; offset < end; ) {
        add({ text: text.charAt(offset), quoting: "single", start: offset, end: offset + 1 });
      }
      tail = { offset: end, quoting: "single" };
      offset = Math.min(end + 1, text.length);
    } else if (character === '"') {
      offset += 1;
      while (offset < text.length && text.charAt(offset) !== '"') {
        const letter = text.charAt(offset);
        const after = text.charAt(offset + 1);
        const escapes = letter === "\\" && after !== "" && '$`"\\\n'.includes(after);
        if (letter === "$" || letter === "`") addDollarOrBackquote("double");
        else if (escapes && after === "\n") offset += 2;
        else if (escapes) add({ text: after, quoting: "double", start: offset, end: offset + 2 });
        else add({ text: letter, quoting: "double", start: offset, end: offset + 1 });
      }
      tail = { offset, quoting: "double" };
      unclosed ||= offset >= text.length;
      offset = Math.min(offset + 1, text.length);
    } else if (character === "\\" && next === "\n") {
      offset += 2;
    } else if (character === "\\" && next !== "") {
      add({ text: next, quoting: "none", start: offset, end: offset + 2 });
    } else if (character === "$" && (next === "'" || next === '"')) {
      // bash reads escapes or a translation here, dash a plain "$" before a quoted string.
      addExpansion("none", quotedExtent(text, offset + 1, 0));
    } else if (character === "$" || character === "`") {
      addDollarOrBackquote("none");
    } else if (character === "~" && (parts.length === 0 || text.charAt(offset - 1) === ":")) {
      addExpansion("none", { end: offset + 1, unclosed: false });
    } else {
      add({ text: character, quoting: "none", start: offset, end: offset + 1 });
    }
  }
  return { parts, tail, end: offset, unclosed };
}

/** `$NAME` or `${NAME}` at the offset. */
function variableAt(text: string, offset: number): (Extent & { readonly name: string }) | undefined {
  const pattern = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/y;
  pattern.lastIndex = offset;
  const match = pattern.exec(text);
  return match ? { name: match[1] ?? match[2] ?? "", end: offset + match[0].length, unclosed: false } : undefined;
}

/** Any other expansion at the offset of a `$` or a backquote; undefined for a `$` that stands for itself. */
function expansionAt(text: string, offset: number, inDoubleQuotes: boolean, depth: number): Extent | undefined {
  const next = text.charAt(offset + 1);
  if (text.charAt(offset) === "`") return backquoteExtent(text, offset + 1);
  if (next === "(") return nestedExtent(text, offset + 2, "(", false, depth);
  if (next === "{") return nestedExtent(text, offset + 2, "{", inDoubleQuotes, depth);
  return /[\w#@*?$!-]/.test(next) ? { end: offset + 2, unclosed: false } : undefined;
}

function backquoteExtent(text: string, from: number): Extent {
  let offset = from;
  while (offset < text.length && text.charAt(offset) !== "`") offset += text.charAt(offset) === "\\" ? 2 : 1;
  return extentTo(text, offset + 1);
}

/** From the character after `$(` or `${` to its closing bracket. */
function nestedExtent(text: string, from: number, open: "(" | "{", inDoubleQuotes: boolean, depth: number): Extent {
  if (depth > DEEPEST) return { end: text.length, unclosed: true };
  const close = open === "(" ? ")" : "}";
  let brackets = 1;
  let offset = from;
  while (offset < text.length) {
    const character = text.charAt(offset);
    if (character === "'" && inDoubleQuotes) offset += 1;
    else if (character === "'" || character === '"') offset = quotedExtent(text, offset, depth + 1).end;
    else if (character === "$" || character === "`") {
      offset = expansionAt(text, offset, inDoubleQuotes, depth + 1)?.end ?? offset + 1;
    } else if (character === "#" && open === "(" && /[\s;&|(]/.test(text.charAt(offset - 1))) {
      const newline = text.indexOf("\n", offset);
      offset = newline < 0 ? text.length : newline;
    } else if (character === "\\") {
      offset += 2;
    } else {
      if (character === open) brackets += 1;
      if (character === close) brackets -= 1;
      offset += 1;
      if (brackets === 0) return extentTo(text, offset);
    }
  }
  return { end: text.length, unclosed: true };
}

/** From an opening quote to behind the closing one. */
function quotedExtent(text: string, from: number, depth: number): Extent {
  const isEscaped = text.charAt(from - 1) === "$";
  const quote = text.charAt(from);
  let offset = from + 1;
  while (offset < text.length && text.charAt(offset) !== quote) {
    const character = text.charAt(offset);
    if (character === "\\" && (quote === '"' || isEscaped)) offset += 2;
    else if (quote === '"' && (character === "$" || character === "`")) {
      offset = expansionAt(text, offset, true, depth + 1)?.end ?? offset + 1;
    } else offset += 1;
  }
  return extentTo(text, offset + 1);
}

/** An extent whose last character must be in the text. */
function extentTo(text: string, end: number): Extent {
  return { end: Math.min(end, text.length), unclosed: end > text.length };
}
