/**
 * The assignments of an xl config file and where they stand, as the grammar of libxlu has it
 * (xen, tools/libs/util/libxlu_cfg_y.y, 4.22; `+=` since 4.13, lists in lists since 4.6, a last line without newline since 4.3).
 */
import { readXlTokens, type XlConfigError, type XlToken, type XlTokenKind, xlConfigError } from "./xl-config-tokens";

/** A place in the file: `end` is the offset of the first character behind it. */
export interface XlRange {
  readonly start: number;
  readonly end: number;
}

/** A number or a quoted text; the range holds the quotes. */
export interface XlText extends XlRange {
  readonly kind: "text";
  readonly text: string;
}

/** The range holds the brackets. */
export interface XlList extends XlRange {
  readonly kind: "list";
  readonly elements: readonly XlElement[];
}

export type XlValue = XlText | XlList;

export interface XlElement {
  readonly value: XlValue;
  /** Where the comma behind it stands; the last one may have none. */
  readonly comma: number | undefined;
}

/** The range goes from the name to the end of the value. */
export interface XlAssignment extends XlRange {
  readonly name: string;
  readonly operator: "=" | "+=";
  readonly value: XlValue;
}

/** What one name means in the end: a later `=` starts anew, and `+=` adds to what there is. */
export interface XlSetting {
  /** The assignments in effect, in order. */
  readonly parts: readonly XlAssignment[];
}

export interface XlSyntax {
  readonly kind: "syntax";
  readonly text: string;
  readonly assignments: readonly XlAssignment[];
  readonly settings: ReadonlyMap<string, XlSetting>;
}

// The real limit is the stack of bison, 10000 symbols (YYMAXDEPTH), two a bracket.
const DEEPEST_LIST = 1000;

/** Reads a file. Never throws. */
export function parseXlSyntax(text: string): XlSyntax | XlConfigError {
  const tokens = readXlTokens(text);
  if ("kind" in tokens) return tokens;
  try {
    const assignments = new Reader(tokens).file();
    return { kind: "syntax", text, assignments, settings: settingsOf(assignments) };
  } catch (error) {
    if (error instanceof Unreadable) return xlConfigError(text, error.at, error.message);
    throw error;
  }
}

/** A place at which xl would refuse the file; it does not leave this module. */
class Unreadable extends Error {
  constructor(
    readonly at: number,
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
    if (depth === DEEPEST_LIST) throw new Unreadable(start, `lists are nested more than ${DEEPEST_LIST} deep`);
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

  private take(...wanted: readonly XlTokenKind[]): XlToken {
    const token = this.peek();
    if (!wanted.includes(token.kind)) {
      throw new Unreadable(token.start, `there is ${say(token)} where xl wants ${wanted.join(" or ")}`);
    }
    this.next += 1;
    return token;
  }
}

function say({ kind, text }: XlToken): string {
  if (kind === "newline") return "the end of the line";
  return kind === "end" ? "the end of the file" : `\`${text || kind}'`;
}

/** xlu__cfg_set_store and xlu__cfg_concat_vals: a text adds to a text and a list to a list, and anything else is an error. */
function settingsOf(assignments: readonly XlAssignment[]): ReadonlyMap<string, XlSetting> {
  const settings = new Map<string, XlSetting>();
  for (const assignment of assignments) {
    const before = assignment.operator === "+=" ? (settings.get(assignment.name)?.parts ?? []) : [];
    if (before.some((part) => part.value.kind !== assignment.value.kind)) {
      throw new Unreadable(assignment.start, `\`${assignment.name} +=' adds a list to a text or a text to a list`);
    }
    settings.set(assignment.name, { parts: [...before, assignment] });
  }
  return settings;
}
