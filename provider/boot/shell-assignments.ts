/**
 * Assignments of a shell file such as /etc/default/grub: which names get which values, and where each character of a value stands.
 * The rest of the shell is passed over (POSIX.1-2024, Shell Command Language, 2.2 and 2.10).
 */

/** One character of a value, or all that an expansion stands for. */
export interface ValuePart {
  /** The character; for an expansion its source text. */
  readonly text: string;
  /** `$NAME` and `${NAME}` by their name; "" for what only a shell can tell: `$(…)`, `${NAME:-x}`, a backquote. */
  readonly expands?: string;
  readonly start: number;
  readonly end: number;
}

export interface ShellAssignment {
  readonly name: string;
  /** `NAME+=…` */
  readonly appends: boolean;
  readonly parts: readonly ValuePart[];
  /** Where more of the value would be inserted, and how it has to be quoted there. */
  readonly tail: { readonly at: number; readonly quoting: Quoting };
  /** The quoting that each part stands in. */
  readonly quotings: readonly Quoting[];
  /** Whether it stands inside if, for, while, case, a function or behind && and ||: whether it counts is not known. */
  readonly conditional: boolean;
}

export type Quoting = "none" | "double" | "single";

const OPENS = new Set(["if", "for", "while", "until", "case", "{"]);
const CLOSES = new Set(["fi", "done", "esac", "}"]);
const ASSIGNMENT = /^([A-Za-z_]\w*)(\+?)=/;

/** In the order of the text. */
export function readShellAssignments(text: string): readonly ShellAssignment[] {
  return new Reader(text).read();
}

/** The value as the shell would have it, with what the names before it stand for; EXPANSION where only a shell can tell. */
export function expandedValue(assignment: ShellAssignment, variable: (name: string) => string): string {
  const before = assignment.appends ? variable(assignment.name) : "";
  const parts = assignment.parts.map(({ text, expands }) =>
    expands === undefined ? text : expands === "" ? EXPANSION : variable(expands),
  );
  return before + parts.join("");
}

/** What of a value is literally there; each expansion stands as one character that no argument has. */
export function literalValue(assignment: ShellAssignment): string {
  return assignment.parts.map((part) => (part.expands === undefined ? part.text : EXPANSION)).join("");
}

/** Stands for an expansion in literalValue: a character that no file of this kind and no argument has. */
export const EXPANSION = "\0";

/** The text of the file with another literal value there, quoted as the place needs it; undefined where that cannot be. */
export function withLiteralValue(text: string, assignment: ShellAssignment, value: string): string | undefined {
  const before = [...literalValue(assignment)];
  const after = [...value];
  let same = 0;
  while (same < Math.min(before.length, after.length) && before[same] === after[same]) same++;
  let sameEnd = 0;
  const most = Math.min(before.length, after.length) - same;
  while (sameEnd < most && before.at(-1 - sameEnd) === after.at(-1 - sameEnd)) sameEnd++;
  const gone = assignment.parts.slice(same, before.length - sameEnd);
  if (gone.some((part) => part.expands !== undefined)) return undefined;
  const last = assignment.parts[same - 1];
  const place =
    same === before.length || !last
      ? assignment.parts.length === 0 || last
        ? assignment.tail
        : { at: assignment.parts[0]?.start ?? assignment.tail.at, quoting: assignment.quotings[0] ?? "none" }
      : { at: last.end, quoting: assignment.quotings[same - 1] ?? "none" };
  const inserted = quoteFor(after.slice(same, after.length - sameEnd).join(""), place.quoting);
  if (inserted === undefined) return undefined;
  const changes = [
    ...gone.map(({ start, end }) => ({ start, end, text: "" })),
    { start: place.at, end: place.at, text: inserted },
  ].sort((a, b) => b.start - a.start || b.end - a.end);
  return changes.reduce((so, change) => so.slice(0, change.start) + change.text + so.slice(change.end), text);
}

function quoteFor(text: string, quoting: Quoting): string | undefined {
  if (/[\n\0]/.test(text)) return undefined;
  switch (quoting) {
    case "single":
      return text.includes("'") ? undefined : text;
    case "double":
      return text.replaceAll(/[\\"$`]/g, "\\$&");
    case "none":
      return text.replaceAll(/[^\w.,:=/@%+-]/g, "\\$&");
  }
}

class Reader {
  private at = 0;
  private depth = 0;
  private readonly found: ShellAssignment[] = [];

  constructor(private readonly text: string) {}

  read(): readonly ShellAssignment[] {
    let conditional = false; // by && or || before
    while (this.at < this.text.length) {
      const words = this.readCommand();
      const [first] = words;
      if (first !== undefined && typeof first === "string") {
        if (OPENS.has(first) || /^\w+\(\)/.test(first)) this.depth++;
        else if (CLOSES.has(first)) this.depth = Math.max(0, this.depth - 1);
      }
      const assigns = words.every((word) => typeof word !== "string") || first === "export";
      if (assigns) {
        for (const word of words) {
          if (typeof word !== "string") this.found.push({ ...word, conditional: conditional || this.depth > 0 });
        }
      }
      conditional = this.readSeparator() !== "next";
    }
    return this.found;
  }

  /** The words up to the end of the command; assignments as what they are. */
  private readCommand(): (string | Omit<ShellAssignment, "conditional">)[] {
    const words: (string | Omit<ShellAssignment, "conditional">)[] = [];
    for (;;) {
      this.skipBlanks();
      const here = this.text[this.at];
      if (here === undefined || "\n;&|".includes(here)) return words;
      if (here === "#") {
        this.skipLine();
        return words;
      }
      if ("()<>".includes(here)) {
        words.push(here);
        this.at++;
        continue;
      }
      const word = this.readWord();
      words.push(word);
      // What follows these is a command of its own.
      if (typeof word === "string" && ["then", "else", "do", "elif", "!", "{"].includes(word)) words.length = 0;
      if (typeof word === "string" && word === "{") return ["{"];
    }
  }

  /** "next": the next command runs in any case. */
  private readSeparator(): "next" | "maybe" {
    const match = /(?:\n|;;?|&&|\|\||&|\|)/y;
    match.lastIndex = this.at;
    const separator = match.exec(this.text)?.[0] ?? "";
    this.at += Math.max(separator.length, this.at < this.text.length ? 1 : 0);
    return separator === "&&" || separator === "||" || separator === "|" ? "maybe" : "next";
  }

  private readWord(): string | Omit<ShellAssignment, "conditional"> {
    const start = this.at;
    const head = ASSIGNMENT.exec(this.text.slice(start, start + 100));
    if (head) this.at += head[0].length;
    const parts: ValuePart[] = [];
    const quotings: Quoting[] = [];
    let tail: ShellAssignment["tail"] = { at: this.at, quoting: "none" };
    const add = (part: ValuePart, quoting: Quoting) => {
      parts.push(part);
      quotings.push(quoting);
      tail = { at: part.end, quoting };
    };
    while (this.at < this.text.length && !/[\s;&|()<>]/.test(this.text[this.at] ?? "")) {
      const from = this.at;
      const here = this.text[from] ?? "";
      if (here === "'") {
        const close = this.text.indexOf("'", from + 1);
        const end = close < 0 ? this.text.length : close;
        for (let one = from + 1; one < end; one++)
          add({ text: this.text[one] ?? "", start: one, end: one + 1 }, "single");
        tail = { at: end, quoting: "single" };
        this.at = end + 1;
      } else if (here === '"') {
        this.at++;
        while (this.at < this.text.length && this.text[this.at] !== '"') this.readInDoubleQuotes(add);
        tail = { at: this.at, quoting: "double" };
        this.at++;
      } else if (here === "\\") {
        this.at += 2;
        if (this.text[from + 1] !== "\n") add({ text: this.text[from + 1] ?? "\\", start: from, end: this.at }, "none");
      } else if (here === "$" || here === "`") {
        add(this.readExpansion(), "none");
      } else {
        this.at++;
        add({ text: here, start: from, end: this.at }, "none");
      }
    }
    if (!head) return this.text.slice(start, this.at);
    return { name: head[1] ?? "", appends: head[2] === "+", parts, quotings, tail };
  }

  private readInDoubleQuotes(add: (part: ValuePart, quoting: Quoting) => void): void {
    const from = this.at;
    const here = this.text[from] ?? "";
    if (here === "$" || here === "`") {
      add(this.readExpansion(), "double");
      return;
    }
    const next = this.text[from + 1] ?? "";
    const escapes = here === "\\" && next !== "" && '$`"\\\n'.includes(next);
    this.at += escapes ? 2 : 1;
    if (escapes && next === "\n") return;
    add({ text: escapes ? next : here, start: from, end: this.at }, "double");
  }

  private readExpansion(): ValuePart {
    const start = this.at;
    const name = /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/y;
    name.lastIndex = start;
    const match = name.exec(this.text);
    if (match) {
      this.at = name.lastIndex;
      return { text: match[0], expands: match[1] ?? match[2] ?? "", start, end: this.at };
    }
    if (this.text[start] === "`") this.skipTo(start + 1, "`");
    else if (this.text[start + 1] === "(") this.skipNested(start + 2, "(", ")");
    else if (this.text[start + 1] === "{") this.skipNested(start + 2, "{", "}");
    else if (/[\w#@*?$!-]/.test(this.text[start + 1] ?? "")) this.at = start + 2;
    else {
      this.at = start + 1;
      return { text: "$", start, end: this.at };
    }
    return { text: this.text.slice(start, this.at), expands: "", start, end: this.at };
  }

  private skipTo(from: number, end: string): void {
    let at = from;
    while (at < this.text.length && this.text[at] !== end) at += this.text[at] === "\\" ? 2 : 1;
    this.at = Math.min(at + 1, this.text.length);
  }

  private skipNested(from: number, open: string, close: string): void {
    let depth = 1;
    this.at = from;
    while (this.at < this.text.length && depth > 0) {
      const here = this.text[this.at] ?? "";
      if (here === "'") this.skipTo(this.at + 1, "'");
      else if (here === '"') this.skipTo(this.at + 1, '"');
      else {
        if (here === open) depth++;
        if (here === close) depth--;
        this.at += here === "\\" ? 2 : 1;
      }
    }
  }

  private skipBlanks(): void {
    const blanks = /(?:[ \t\r]|\\\n)*/y;
    blanks.lastIndex = this.at;
    blanks.exec(this.text);
    this.at = blanks.lastIndex;
  }

  private skipLine(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end;
  }
}
