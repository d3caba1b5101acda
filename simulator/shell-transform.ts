import type { CommandNode, PipelineNode, ScriptNode, StatementNode, WordNode } from "just-bash";

/** Names of commands that only our rewritten scripts call. */
export const AFTER_WRITE = "__after-write";
/** The command that comes behind `exec > FILE`. */
export const AFTER_EXEC = "__after-exec";
/** The command that comes behind `… &`. */
export const AFTER_BACKGROUND = "__after-background";
/** The command that stands for a shell of its own in the background, which reads its script from a pipe. */
export const OWN_SHELL = "__own-shell";
/** The command that stands for `wait`. */
export const WAIT = "__wait";
/** The command that stands for a program called by a path or by a variable. */
export const RUN = "__run";

/** What is written to this file is sent while the script runs on: just-bash hands standard output over at its end. */
export const OPEN_OUTPUT = "/dev/.connection";

type Redirection = Extract<CommandNode, { type: "SimpleCommand" }>["redirections"][number];

const OUTPUT = [">", ">>", ">|", "&>", "&>>"];

/** `$?` */
const STATUS: WordNode = { type: "Word", parts: [{ type: "ParameterExpansion", parameter: "?", operation: null }] };

/** `"$@"` */
const ALL_ARGUMENTS: WordNode = {
  type: "Word",
  parts: [{ type: "DoubleQuoted", parts: [{ type: "ParameterExpansion", parameter: "@", operation: null }] }],
};

/**
 * What just-bash lacks and a host needs, put into the script before it runs:
 * - a redirection whose file refuses the write (`echo … > /sys/…/bind`) fails the command;
 * - `exec 9> file` tells which file the descriptor is, for flock;
 * - descriptor 8, which our scripts keep for the connection, is the connection;
 * - a command that is `"$@"` is one of several words;
 * - a shell in the background that reads its script from a pipe (`… | sh -s &`) lives on by itself;
 * - a loop in the background, or a group with one, is left out (just-bash would run it in the foreground, and a
 *   heartbeat never ends); any other command in the background ends before the script goes on, and `wait` tells how.
 */
export function completeScript(script: ScriptNode): ScriptNode {
  return { ...script, statements: statements(script.statements) };
}

/** The script with each of its own statements printing to this file, all but the definitions of functions. */
export function printAtOnce(script: ScriptNode, file: string): ScriptNode {
  const redirection: Redirection = { type: "Redirection", fd: null, operator: ">>", target: text(file) };
  const printing = (node: StatementNode) => {
    const isDefinition = node.pipelines[0]?.commands[0]?.type === "FunctionDef";
    return isDefinition ? node : statement({ type: "Group", body: [node], redirections: [redirection] });
  };
  return { ...script, statements: script.statements.map(printing) };
}

function statements(list: readonly StatementNode[]): StatementNode[] {
  return list.flatMap((node) => {
    if (node.background && isLoop(node)) return [];
    const pipelines = node.pipelines.map((pipeline) => ({
      ...pipeline,
      commands: (node.background ? inOwnShell(pipeline.commands).map(inSubshell) : pipeline.commands).map(command),
    }));
    const noted = node.background ? [statement(simple(AFTER_BACKGROUND, [STATUS]))] : openedDescriptors(node);
    return [{ ...node, background: false, pipelines }, ...noted];
  });
}

/** `… | setsid /bin/sh -s -- argument`: its last command gets another name, and its own as the first argument. */
function inOwnShell(commands: readonly CommandNode[]): readonly CommandNode[] {
  const last = commands.at(-1);
  const readsScript =
    commands.length > 1 && last?.type === "SimpleCommand" && last.args.some((arg) => literal(arg) === "-s");
  if (!readsScript || !last.name) return commands;
  return [...commands.slice(0, -1), { ...last, name: literalWord(OWN_SHELL), args: [last.name, ...last.args] }];
}

/** What runs in the background sets no variable of the script. */
function inSubshell(node: CommandNode): CommandNode {
  return node.type === "Group" ? { ...node, type: "Subshell" } : node;
}

/** A loop, or a group with one. */
function isLoop({ pipelines }: StatementNode): boolean {
  const first = pipelines[0]?.commands[0];
  if (first?.type !== "Group") return first?.type === "While" || first?.type === "Until";
  return first.body.some(isLoop);
}

function command(node: CommandNode): CommandNode {
  const inner = withBody(node);
  if (inner.type === "SimpleCommand" && literal(inner.name) === "exec") return inner;
  return "redirections" in inner && inner.redirections.some(writesFile) ? checked(inner) : inner;
}

function withBody(node: CommandNode): CommandNode {
  switch (node.type) {
    case "SimpleCommand":
      if (node.name && JSON.stringify(node.name) === JSON.stringify(ALL_ARGUMENTS)) {
        return { ...node, name: literalWord(RUN), args: [ALL_ARGUMENTS, ...node.args.map(word)] };
      }
      return {
        ...node,
        name: literal(node.name) === "wait" ? literalWord(WAIT) : node.name,
        args: node.args.map(word),
        redirections: node.redirections.map(toConnection).map(overwriting),
        assignments: node.assignments.map((assignment) => ({
          ...assignment,
          value: assignment.value && word(assignment.value),
        })),
      };
    case "If":
      return {
        ...node,
        clauses: node.clauses.map((clause) => ({
          condition: statements(clause.condition),
          body: statements(clause.body),
        })),
        elseBody: node.elseBody && statements(node.elseBody),
      };
    case "While":
    case "Until":
      return { ...node, condition: statements(node.condition), body: statements(node.body) };
    case "For":
      // just-bash 3.4 splits the arguments of `for name; do` again.
      return { ...node, words: node.words?.map(word) ?? [ALL_ARGUMENTS], body: statements(node.body) };
    case "Group":
    case "Subshell":
      return { ...node, body: statements(node.body) };
    case "Case":
      return { ...node, items: node.items.map((item) => ({ ...item, body: statements(item.body) })) };
    case "FunctionDef":
      return { ...node, body: withBody(node.body) as typeof node.body };
    default:
      return node;
  }
}

/** `>&8` */
function toConnection(redirection: Redirection): Redirection {
  const { operator, target } = redirection;
  const isConnection = operator === ">&" && target.type === "Word" && literal(target) === "8";
  return isConnection ? { ...redirection, operator: ">>", target: text(OPEN_OUTPUT) } : redirection;
}

/** `1<> FILE`: just-bash opens nothing for it. Lines that are written so have one length. */
function overwriting(redirection: Redirection): Redirection {
  return redirection.operator === "<>" && redirection.fd === 1 ? { ...redirection, operator: ">" } : redirection;
}

/** Command substitutions inside a word are scripts too. */
function word(node: WordNode): WordNode {
  return { ...node, parts: node.parts.map(part) };
}

function part<T extends WordNode["parts"][number]>(node: T): T {
  if (node.type === "CommandSubstitution") return { ...node, body: completeScript(node.body) };
  if (node.type === "DoubleQuoted") return { ...node, parts: node.parts.map(part) };
  return node;
}

/** `{ <command>; __after-write <command name> <line> "$?"; }` */
function checked(node: CommandNode): CommandNode {
  const name = lastCommand(node);
  const check = simple(AFTER_WRITE, [text(name), text(String(node.line ?? 1)), STATUS]);
  return { type: "Group", body: [statement(node), statement(check)], redirections: [] };
}

/** The name of the command whose own status a refused write decides; empty where it is not known. */
function lastCommand(node: CommandNode): string {
  if (node.type === "SimpleCommand") return literal(node.name) ?? "";
  if (node.type !== "Group" && node.type !== "Subshell") return "";
  const last = node.body.at(-1)?.pipelines.at(-1)?.commands.at(-1);
  const name = last ? lastCommand(last) : "";
  return name === "echo" || name === "printf" ? name : "";
}

function openedDescriptors(node: StatementNode): StatementNode[] {
  const only = node.pipelines.length === 1 ? node.pipelines[0]?.commands : undefined;
  const exec = only?.length === 1 ? only[0] : undefined;
  if (exec?.type !== "SimpleCommand" || literal(exec.name) !== "exec") return [];
  return exec.redirections.flatMap((redirection) =>
    redirection.fd !== null && OUTPUT.includes(redirection.operator) && redirection.target.type === "Word"
      ? [statement(simple(AFTER_EXEC, [text(String(redirection.fd)), redirection.target]))]
      : [],
  );
}

function writesFile(redirection: Redirection): boolean {
  return (
    OUTPUT.includes(redirection.operator) &&
    redirection.target.type === "Word" &&
    literal(redirection.target) !== "/dev/null"
  );
}

function literal(node: WordNode | null): string | undefined {
  const only = node?.parts.length === 1 ? node.parts[0] : undefined;
  return only?.type === "Literal" ? only.value : undefined;
}

function text(value: string): WordNode {
  return { type: "Word", parts: [{ type: "SingleQuoted", value }] };
}

function literalWord(value: string): WordNode {
  return { type: "Word", parts: [{ type: "Literal", value }] };
}

function simple(name: string, args: WordNode[]): CommandNode {
  return { type: "SimpleCommand", name: literalWord(name), args, assignments: [], redirections: [] };
}

function statement(node: CommandNode): StatementNode {
  const pipeline: PipelineNode = { type: "Pipeline", commands: [node], negated: false };
  return { type: "Statement", pipelines: [pipeline], operators: [], background: false };
}
