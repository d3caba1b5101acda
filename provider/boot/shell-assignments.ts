/**
 * The assignments of a shell file such as /etc/default/grub, and all other code in it, of which only a shell can tell
 * what it does (POSIX.1-2024, Shell Command Language, 2.9 Shell Commands and 2.10 Shell Grammar). The commands are told
 * apart, not run.
 */
import { keptByText } from "../kept-by-text";
import { readShellWord, type ShellWord } from "./shell-word";

/** `NAME=…` or, as bash has it, `NAME+=…`. `parts` and `tail` are those of the value. */
export interface ShellAssignment extends Pick<ShellWord, "parts" | "tail"> {
  readonly name: string;
  readonly appends: boolean;
  /** Whether it depends on something else whether it counts: if, for, case, a function, a subshell, `&&`, a pipe. */
  readonly conditional: boolean;
}

/** Code that is no plain assignment; `start` is its offset in the text. */
export type ShellCode =
  /** `name` is its first word that is no assignment, as it is written. */
  | { readonly kind: "command"; readonly name: string; readonly text: string; readonly start: number }
  /** An expansion in the value of an assignment, other than `$NAME`; or the text of a here-document. */
  | { readonly kind: "expansion"; readonly text: string; readonly start: number }
  /** From here on no shell accepts the file, or this reader does not follow it. */
  | { readonly kind: "unreadable"; readonly reason: string; readonly start: number };

/** What a shell file holds, each list in the order of the text. */
export interface ShellFile {
  readonly assignments: readonly ShellAssignment[];
  readonly code: readonly ShellCode[];
}

/** Those of a host, and some more while they change; a fleet's are mostly the same. */
const MOST_KEPT = 100;

/** Reads a shell file. Never throws: where it cannot follow, the last `code` is `unreadable`. */
export const readShellFile = keptByText(MOST_KEPT, (text): ShellFile => new ShellFileReader(text).read());

/** These read other files, run other code, end the reading, or make up their name at run time. */
const DOES_ANYTHING = /^(?:eval|\.|source|exit|return|exec|alias|trap|command|builtin)$|^[\\$`'"]/;
/** These set the variables that they name. */
const SETS_BY_NAME = /^(?:export|readonly|read|unset|declare|typeset|local|let|getopts|printf|mapfile|readarray)$/;

/** Whether code may change a variable: it may do anything, or names the variable in another way than to read it. */
export function mayAssign(code: ShellCode, variable: string): boolean {
  switch (code.kind) {
    case "unreadable":
      return true;
    case "expansion":
      return new RegExp(`\\b${variable}\\b`).test(code.text);
    case "command":
      if (DOES_ANYTHING.test(code.name)) return true;
      if (SETS_BY_NAME.test(code.name) && /[$`]/.test(code.text))
        return code.name !== "printf" || / -v/.test(code.text);
      return [...code.text.matchAll(new RegExp(`(\\$\\{?)?\\b${variable}\\b(:?=)?`, "g"))].some(
        ([, dollar, assigns]) => dollar === undefined || (dollar === "${" && assigns !== undefined),
      );
  }
}

/** What a compound command was opened by; a `case` whose next pattern is awaited is apart. */
type Open = "if" | "loop" | "case" | "case-pattern" | "{" | "(";

const OPENED_BY: ReadonlyMap<string, Open> = new Map([
  ["if", "if"],
  ["while", "loop"],
  ["until", "loop"],
  ["for", "loop"],
  ["select", "loop"],
  ["case", "case-pattern"],
  ["{", "{"],
]);
const CLOSED_BY: ReadonlyMap<string, Open> = new Map([
  ["fi", "if"],
  ["done", "loop"],
  ["esac", "case"],
  ["}", "{"],
]);
/** After these the next word begins a command. */
const BEFORE_COMMANDS = new Set(["if", "then", "elif", "else", "while", "until", "do", "{", "!"]);

class ShellFileReader {
  private offset = 0;
  private readonly open: Open[] = [];
  private readonly hereDocuments: { readonly delimiter: string; readonly stripsTabs: boolean }[] = [];
  private readonly assignments: ShellAssignment[] = [];
  private readonly code: ShellCode[] = [];
  private stopped = false;

  constructor(private readonly text: string) {}

  read(): ShellFile {
    let chained = false; // by &&, || or | before
    while (!this.stopped && this.skipTo("command")) {
      if (this.open.at(-1) === "case-pattern") {
        this.readCasePattern();
        continue;
      }
      const command = this.readCommand();
      const operator = this.readOperator();
      const inSubshell = operator === "|" || operator === "&";
      this.record(command, chained || inSubshell || this.open.length > 0);
      chained = ["&&", "||", "|"].includes(operator);
    }
    const [unclosed] = this.open;
    if (unclosed !== undefined && !this.stopped) this.stop(this.text.length, `"${unclosed}" is never closed`);
    if (this.hereDocuments.length > 0 && !this.stopped) this.stop(this.text.length, "a here-document never ends");
    return { assignments: this.assignments, code: this.code };
  }

  /** The next simple command, or what is left of a compound one. */
  private readCommand(): Command {
    const words: CommandWord[] = [];
    let start = this.offset;
    const command = () => ({ words, start, end: this.offset });
    while (this.skipTo("word") && !"\n;&|".includes(this.character())) {
      const character = this.character();
      if (words.length === 0) start = this.offset;
      if (character === "<" || character === ">") {
        words.push({ kind: "word", source: character });
        this.readRedirection();
      } else if (character === "(" && words.length === 0) {
        this.open.push("(");
        this.offset += 1;
        this.skipTo("command");
      } else if (character === "(" && words.length === 1 && words[0]?.kind === "word" && this.skipEmptyBrackets()) {
        words.length = 0; // A function: its body is read as a compound command.
      } else if (character === ")" && this.open.at(-1) === "(") {
        if (words.length > 0) return command();
        this.open.pop();
        this.offset += 1;
        words.push({ kind: "word", source: ")" });
      } else if (character === "(" || character === ")") {
        this.stop(this.offset, `"${character}" is not understood here`);
      } else {
        const word = this.readWord();
        const reserved = word.kind === "word" && words.length === 0 ? word.source : "";
        if (this.stopped || this.readReserved(reserved)) continue;
        words.push(word);
        if (reserved === "case") return command();
      }
    }
    return command();
  }

  private skipEmptyBrackets(): boolean {
    const [brackets] = /^\([ \t]*\)/.exec(this.text.slice(this.offset, this.offset + 20)) ?? [];
    if (brackets === undefined) return false;
    this.offset += brackets.length;
    return this.skipTo("command");
  }

  /** Notes what a reserved word opens or closes; true when a command may begin after it. */
  private readReserved(word: string): boolean {
    const opens = OPENED_BY.get(word);
    if (opens !== undefined) this.open.push(opens);
    const closes = CLOSED_BY.get(word);
    if (closes !== undefined && this.open.pop() !== closes) this.stop(this.offset, `"${word}" has nothing to close`);
    if (word === "case") this.readCaseHead();
    return BEFORE_COMMANDS.has(word) && this.skipTo("command");
  }

  private readCaseHead(): void {
    if (this.skipTo("word")) this.readWord();
    if (this.skipTo("command") && this.readWord().source !== "in") this.stop(this.offset, '"case" without "in"');
  }

  /** `a | b)`, with or without a bracket before it; or `esac`. */
  private readCasePattern(): void {
    if (this.character() === "(") this.offset += 1;
    else if (/^esac(?![^\s;&|()<>])/.test(this.text.slice(this.offset, this.offset + 5))) {
      this.offset += 4;
      this.open.pop();
      this.readCommand(); // redirections
      this.readOperator();
      return;
    }
    for (;;) {
      if (!this.skipTo("word") || "\n;&()<>".includes(this.character())) break;
      if (this.character() !== "|") this.readWord();
      else this.offset += 1;
    }
    if (this.character() === ")") {
      this.offset += 1;
      this.open[this.open.length - 1] = "case";
    } else this.stop(this.offset, "a pattern of case without its bracket");
  }

  private readRedirection(): void {
    const [operator = ""] = /^(?:<<-?|<&|<>|>>|>&|>\||<|>)/.exec(this.text.slice(this.offset, this.offset + 3)) ?? [];
    this.offset += operator.length;
    if (!operator.startsWith("<<")) return;
    if (!this.skipTo("word")) return;
    const start = this.offset;
    const { end, parts } = readShellWord(this.text, start);
    if (end === start) this.stop(start, `"${operator}" without a delimiter`);
    this.offset = end;
    this.hereDocuments.push({ delimiter: parts.map((part) => part.text).join(""), stripsTabs: operator === "<<-" });
  }

  /** The operator after a command; "" where there is none, as at the end of the text and before `)`. */
  private readOperator(): string {
    const start = this.offset;
    const [operator = ""] = /^(?:;;&|;;|;&|&&|\|\||[;&|\n])/.exec(this.text.slice(start, start + 3)) ?? [];
    this.offset += operator.length;
    if (operator === "\n") this.readHereDocuments();
    if (operator.startsWith(";;") || operator === ";&") {
      if (this.open.at(-1) === "case") this.open[this.open.length - 1] = "case-pattern";
      else this.stop(start, `"${operator}" outside of case`);
    }
    return operator;
  }

  private readHereDocuments(): void {
    for (const { delimiter, stripsTabs } of this.hereDocuments.splice(0)) {
      const start = this.offset;
      for (;;) {
        if (this.offset >= this.text.length) {
          this.stop(start, `a here-document without its end "${delimiter}"`);
          return;
        }
        const newline = this.text.indexOf("\n", this.offset);
        const end = newline < 0 ? this.text.length : newline;
        const line = this.text.slice(this.offset, end);
        this.offset = Math.min(end + 1, this.text.length);
        if ((stripsTabs ? line.replace(/^\t+/, "") : line) === delimiter) break;
      }
      this.addExpansion(start, this.offset);
    }
  }

  private readWord(): CommandWord {
    const start = this.offset;
    const [head = "", name = "", plus] = /^([A-Za-z_]\w*)(\+?)=/.exec(this.text.slice(start, start + 200)) ?? [];
    const { parts, tail, end, unclosed } = readShellWord(this.text, start + head.length);
    this.offset = end;
    const source = this.text.slice(start, end);
    if (unclosed) this.stop(start, "a quotation mark or an expansion is never closed");
    return head === ""
      ? { kind: "word", source }
      : { kind: "assignment", name, appends: plus === "+", parts, tail, source };
  }

  private record({ words, start, end }: Command, conditional: boolean): void {
    if (this.stopped) return;
    const [first] = words;
    const exported = first?.kind === "word" && first.source === "export";
    // An unquoted expansion after export may become several words.
    const isPlain = words.every((word) =>
      word.kind === "assignment"
        ? !exported || !word.parts.some((part) => part.expands !== undefined && part.quoting === "none")
        : exported && /^\w+$/.test(word.source),
    );
    if (!isPlain) {
      const name = words.find((word) => word.kind === "word")?.source ?? "";
      this.code.push({ kind: "command", name, text: this.text.slice(start, end), start });
      return;
    }
    for (const word of words) {
      if (word.kind !== "assignment") continue;
      const { name, appends, parts, tail } = word;
      this.assignments.push({ name, appends, parts, tail, conditional });
      for (const part of parts) if (part.expands === "") this.addExpansion(part.start, part.end);
    }
  }

  private addExpansion(start: number, end: number): void {
    this.code.push({ kind: "expansion", text: this.text.slice(start, end), start });
  }

  private stop(start: number, reason: string): void {
    if (!this.stopped) this.code.push({ kind: "unreadable", reason, start });
    this.stopped = true;
  }

  private character(): string {
    return this.text.charAt(this.offset);
  }

  /** Skips blanks and comments, for a command newlines as well; false at the end of the text. */
  private skipTo(what: "word" | "command"): boolean {
    for (;;) {
      const character = this.character();
      if (character === "#") {
        const newline = this.text.indexOf("\n", this.offset);
        this.offset = newline < 0 ? this.text.length : newline;
      } else if (character === "\\" && this.text.charAt(this.offset + 1) === "\n") this.offset += 2;
      else if (character === "\n" && what === "command") {
        this.offset += 1;
        this.readHereDocuments();
      } else if (character !== "" && " \t\r".includes(character)) this.offset += 1;
      else return character !== "" && !this.stopped;
    }
  }
}

interface Command {
  readonly words: readonly CommandWord[];
  readonly start: number;
  readonly end: number;
}

/** A word of a command; `source` is as it stands in the text. */
type CommandWord =
  | { readonly kind: "word"; readonly source: string }
  | (Omit<ShellAssignment, "conditional"> & { readonly kind: "assignment"; readonly source: string });
