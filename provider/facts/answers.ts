import { PassthroughError } from "../errors";

/** What the host printed for one question, byte for byte, and the exit code of its last command. */
export interface Answer {
  readonly text: string;
  readonly exitCode: number;
}

/** The exit code of the shell function `limited` when its program had to be killed. */
export const TIME_IS_UP = 124;

/** What the Pulumi program adds to the questions that every host is asked. */
export interface Questions {
  /** VM configuration files outside /etc/xen that the program names. */
  readonly vmConfigPaths: readonly string[];
  /** Whether to ask libvirt even on a host that has another toolstack. */
  readonly libvirt: boolean;
}

/**
 * What a run changes of a host. Each fact says what it is about, and each step what it changes: only what is about that is
 * asked again after an apply. `functions`: which there are, their drivers, and the disks, interfaces and other devices
 * that those make. `files`: texts that a person could have written, of VMs and of the boot. `claims`: what this project
 * leaves on hosts.
 */
export type Subject = "functions" | "vms" | "files" | "claims" | "selinux";

/** A question to a host and the parser of its answer. Neither touches the host: the script runner does. */
export interface Fact<T> {
  /** Unique. The shell function that asks is named `ask_<name>`. */
  readonly name: string;
  /** Empty where no step changes it. */
  readonly about: readonly Subject[];
  /**
   * POSIX sh whose standard output is the answer. Read-only. Standard error is dropped. All questions share one shell:
   * a variable may have any value before.
   */
  readonly ask: string | ((questions: Questions) => string);
  /** Throws UnreadableFactsError when it is not safe to go on with this answer. */
  parse(answer: Answer): T;
}

/** The answer of the host is not what the facts script prints: it was cut off, or the login shell printed into it. */
export class UnreadableFactsError extends PassthroughError {
  override readonly name = "UnreadableFactsError";
}

const BEGIN = "@facts-begin";
const END = "@facts-end";

/** What to do about an answer that is not whole. */
export const REMEDY =
  "Try again; if this persists, check that the profile of root's login shell neither prints nor exits";

const ANSWER = `
# Fact. What is said between the answers begins with a random mark, which no text of the host can have.
answer() {
  printf '%s@%s\\n' "$mark" "$1"
  "ask_$1"
  printf '\\n%s=%s\\n' "$mark" "$?"
}
# What each line of the answer begins with from here on.
prefix() {
  printf '%s+%s\\n' "$mark" "$1"
}`.trim();

/**
 * Frames the answers to all questions. Their bytes are counted, so that nothing can get lost on the way without notice.
 * A shell function around it would be one process more.
 */
const FRAME = `awk -v mark="$mark" '
    function put(line) { print "|" line; bytes += length(line) + 2 }
    !(at = index($0, mark)) { put(prefix $0); next }
    at > 1 { put(prefix substr($0, 1, at - 1)) }
    { kind = substr($0, at + length(mark), 1); word = substr($0, at + length(mark) + 1) }
    kind == "+" { prefix = word }
    kind == "@" { name = word; prefix = ""; bytes = 0; print "@" name }
    kind == "=" { prefix = ""; put("=" word); print "=" name " " bytes }'`;

/**
 * Shell that defines the function `facts`, which prints the answers to `questions`, at first all of them:
 *
 *     @facts-begin
 *     @selinux
 *     |Enforcing          every line that the question printed, whatever is in it
 *     |
 *     |=0                 the exit code; the newline before it is not part of the answer
 *     =selinux 17         bytes of the lines with "|"
 *     @facts-end
 */
export function factsShell(facts: readonly Fact<unknown>[], questions: Questions): string {
  const question = ({ ask }: Fact<unknown>) => (typeof ask === "string" ? ask : ask(questions)).trim();
  return [
    ...facts.map((fact) => `ask_${fact.name}() {\n${indent(question(fact))}\n}`),
    ANSWER,
    questionsShell(facts),
    "facts() {",
    `  echo ${BEGIN}`,
    "  read -r mark < /proc/sys/kernel/random/uuid || return",
    "  {",
    '    for question in $questions; do answer "$question"; done',
    `  } 2> /dev/null | ${FRAME}`,
    `  echo ${END}`,
    "}",
  ].join("\n");
}

/** Shell after which `facts` asks these. */
export function questionsShell(facts: readonly Fact<unknown>[]): string {
  return `questions='${facts.map(({ name }) => name).join(" ")}'`;
}

/**
 * The sections of what `facts` printed, by the name of their fact. Ignores text before and after (a login banner, the
 * results of an apply). Throws UnreadableFactsError when the end is missing, or a section is there twice.
 */
export function sectionsOf(printed: string): ReadonlyMap<string, string> {
  // Marks stand on lines of their own, because files of the host may hold the same words.
  const lines = `\n${printed}`;
  const begin = lines.indexOf(`\n${BEGIN}\n`);
  const end = lines.indexOf(`\n${END}\n`, begin);
  if (begin < 0 || end < 0) throw new UnreadableFactsError(`the host's answer is incomplete. ${REMEDY}`);
  const sections = new Map<string, string>();
  const [, ...marked] = lines.slice(begin + 1 + BEGIN.length, end).split("\n@");
  for (const section of marked) {
    const [name = ""] = section.split("\n", 1);
    if (sections.has(name)) throw garbled(name);
    // As a part of `printed` it would keep all of it.
    sections.set(name, Buffer.from(section, "latin1").toString("latin1"));
  }
  return sections;
}

/** Reads a section. Throws UnreadableFactsError when any byte is missing or too much. */
export function readAnswer(section: string): Answer {
  // Split at newlines only: with the flag m, "^" also matches after a carriage return, and files hold those.
  const [name = "", ...framed] = section.split("\n");
  const count = framed.pop();
  const body = framed.map((line) => line.slice(1)).join("\n");
  const match = /^([\s\S]*)\n=(\d+)$/.exec(body);
  const whole = count === `=${name} ${framed.join("\n").length + 1}` && framed.every((line) => line.startsWith("|"));
  if (!match || !whole) throw garbled(name);
  return { text: match[1] ?? "", exitCode: Number(match[2]) };
}

function garbled(name: string): UnreadableFactsError {
  return new UnreadableFactsError(`the host's answer to "${name}" is garbled. ${REMEDY}`);
}

/** Indents every line that is not empty by two spaces. */
export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
