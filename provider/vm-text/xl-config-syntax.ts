/**
 * The assignments of an xl config file and where they are, by the grammar of libxlu (xen,
 * tools/libs/util/libxlu_cfg_y.y, 4.22; `+=` since 4.13, nested lists since 4.6, a last line without a newline since
 * 4.3).
 */
import { readXlTokens, type XlConfigError, type XlToken, type XlTokenKind, xlConfigError } from "./xl-config-tokens";

/** Offsets in the file; `end` is exclusive. */
export interface XlRange {
  readonly start: number;
  readonly end: number;
}

/** A number or a quoted string; the range includes the quotes, `text` does not. */
export interface XlText extends XlRange {
  readonly kind: "text";
  readonly text: string;
}

/** A list; the range includes the brackets. */
export interface XlList extends XlRange {
  readonly kind: "list";
  readonly elements: readonly XlElement[];
}

/** What an assignment or a list can hold. */
export type XlValue = XlText | XlList;

/** An element of a list. */
export interface XlElement {
  readonly value: XlValue;
  /** Offset of the comma after it; undefined for a last element without a comma. */
  readonly comma: number | undefined;
}

/** An assignment; the range goes from the name to the end of the value. */
export interface XlAssignment extends XlRange {
  readonly name: string;
  readonly operator: "=" | "+=";
  readonly value: XlValue;
}

/** What a name is finally set to: a later `=` discards what was assigned before, `+=` adds to it. */
export interface XlSetting {
  /** The assignments in effect, in order. */
  readonly parts: readonly XlAssignment[];
}

/** A file that was read; `settings` are by name. */
export interface XlSyntax {
  readonly kind: "syntax";
  readonly text: string;
  readonly assignments: readonly XlAssignment[];
  readonly settings: ReadonlyMap<string, XlSetting>;
}

// The actual limit is bison's stack of 10000 symbols (YYMAXDEPTH), two for each bracket.
const MAX_LIST_DEPTH = 1000;

/** Parses a file (Latin-1); an error where xl would refuse it. Never throws. */
export function parseXlSyntax(text: string): XlSyntax | XlConfigError {
  const tokens = readXlTokens(text);
  if ("kind" in tokens) return tokens;
  try {
    const assignments = new Reader(tokens).file();
    return { kind: "syntax", text, assignments, settings: settingsOf(assignments) };
  } catch (error) {
    if (error instanceof Unreadable) return xlConfigError(text, error.offset, error.message);
    throw error;
  }
}

/** Thrown where xl would refuse the file; parseXlSyntax catches it. */
class Unreadable extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

class Reader {
  private next = 0;

  constructor(private readonly tokens: readonly XlToken[]) {}

  file(): readonly XlAssignment[] {
    const assignments: XlAssignment[] = [];
    for (;;) {
      if (this.peek().kind === "name") {
        assignments.push(this.assignment());
        if (this.peek().kind === "end") return assignments;
        this.take("newline", ";");
      } else if (this.take("name", "newline", ";", "end").kind === "end") {
        return assignments;
      }
    }
  }

  private assignment(): XlAssignment {
    const name = this.take("name");
    const operator = this.take("=", "+=").kind === "=" ? "=" : "+=";
    const value = this.value(0);
    return { name: name.text, operator, value, start: name.start, end: value.end };
  }

  private value(depth: number): XlValue {
    const { kind, start, end, text } = this.take("text", "[");
    if (kind === "text") return { kind, start, end, text };
    if (depth === MAX_LIST_DEPTH) throw new Unreadable(start, `lists are nested more than ${MAX_LIST_DEPTH} deep`);
    const elements: XlElement[] = [];
    this.skipNewlines();
    while (this.peek().kind !== "]") {
      const value = this.value(depth + 1);
      this.skipNewlines();
      const comma = this.peek().kind === "]" ? undefined : this.take(",", "]").start;
      elements.push({ value, comma });
      this.skipNewlines();
    }
    return { kind: "list", start, end: this.take("]").end, elements };
  }

  private skipNewlines(): void {
    while (this.peek().kind === "newline") this.next += 1;
  }

  private peek(): XlToken {
    const token = this.tokens[this.next];
    if (!token) throw new RangeError("read past the token `end`");
    return token;
  }

  private take(...expected: readonly XlTokenKind[]): XlToken {
    const token = this.peek();
    if (!expected.includes(token.kind)) {
      throw new Unreadable(
        token.start,
        `there is ${describe(token)} where xl expects ${expected.map(nameOf).join(" or ")}`,
      );
    }
    this.next += 1;
    return token;
  }
}

function describe({ kind, text }: XlToken): string {
  return text === "" || kind === "newline" ? nameOf(kind) : `\`${text}'`;
}

function nameOf(kind: XlTokenKind): string {
  if (kind === "newline") return "the end of the line";
  if (kind === "end") return "the end of the file";
  return kind === "text" ? "a value" : `\`${kind}'`;
}

/**
 * xlu__cfg_set_store and xlu__cfg_concat_vals: `+=` adds a string to a string or a list to a list; anything else is an
 * error.
 */
function settingsOf(assignments: readonly XlAssignment[]): ReadonlyMap<string, XlSetting> {
  const settings = new Map<string, XlSetting>();
  for (const assignment of assignments) {
    const earlier = assignment.operator === "+=" ? (settings.get(assignment.name)?.parts ?? []) : [];
    if (earlier.some((part) => part.value.kind !== assignment.value.kind)) {
      throw new Unreadable(assignment.start, `\`${assignment.name} +=' adds a list to a string, or a string to a list`);
    }
    settings.set(assignment.name, { parts: [...earlier, assignment] });
  }
  return settings;
}
