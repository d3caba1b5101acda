import { setTimeout } from "node:timers/promises";
import type { CommandContext, CustomCommand, ExecResult, IFileSystem, ScriptNode } from "just-bash";
import { failed, KILLED, succeeded } from "./commands/command";
import { SHELL_BUILTINS, STANDARD_PROGRAMS, WRAPPED_PROGRAMS } from "./commands/standard";
import { type JustBash, loadJustBash } from "./just-bash";
import {
  type Command,
  type CommandCall,
  type CommandOutput,
  type Machine,
  type Session,
  systemProgram,
} from "./machine";
import { whileAlive } from "./process-life";
import { asConversation, OPEN_INPUT, readRest } from "./shell-conversation";
import { type RefusedWrite, ShellFileSystem } from "./shell-file-system";
import { AFTER_BACKGROUND, AFTER_EXEC, AFTER_WRITE, completeScript, OWN_SHELL, RUN, WAIT } from "./shell-transform";
import { toBytes, toShellText } from "./wire-text";

/** One process of /bin/sh on a simulated host. */
export interface ShellRun {
  readonly machine: Machine;
  readonly session: Session;
  readonly script: string;
  /** What stands before the colon in the shell's own messages. */
  readonly name?: string;
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly env?: ReadonlyMap<string, string>;
  readonly cwd?: string;
}

/** Runs a script to its end. All text is bytes as Latin-1 characters. */
export async function runShell(run: ShellRun): Promise<CommandOutput> {
  const { machine, session } = run;
  const library = loadJustBash();
  const files = new ShellFileSystem(machine.files, session);
  const shell = new library.Bash({
    fs: files as unknown as IFileSystem,
    env: run.env ? Object.fromEntries(run.env) : {},
    cwd: run.cwd ?? "/",
    commands: [...STANDARD_PROGRAMS.filter((name) => machine.isInstalled(name)), ...WRAPPED_PROGRAMS],
    customCommands: customCommands(library, run, files),
    processInfo: { pid: session.pid, ppid: 1, uid: session.uid, gid: session.uid },
    executionLimits: { maxCommandCount: 10_000_000, maxLoopIterations: 10_000_000, maxWorkUnits: 1_000_000_000 },
    defenseInDepth: false,
  });
  const complete = (ast: ScriptNode) =>
    run.stdin === OPEN_INPUT ? asConversation(completeScript(ast)) : completeScript(ast);
  shell.registerTransformPlugin({ name: "host", transform: ({ ast }) => ({ ast: complete(ast) }) });
  const positional = (run.args ?? []).map(quote).join(" ");
  const script = run.args && run.args.length > 0 ? `set -- ${positional}\n${run.script}` : run.script;
  const ended = shell.exec(toShellText(script), {
    rawScript: true,
    stdin: toShellText(run.stdin ?? ""),
    signal: machine.powerOff,
  });
  return endedOrKilled(session, ended.then(output));
}

/** just-bash hands over what a script printed when it ends, so that of one that was killed is lost. */
async function endedOrKilled({ killed }: Session, ended: Promise<CommandOutput>): Promise<CommandOutput> {
  let onKill = () => {};
  const died = new Promise<CommandOutput>((resolve) => {
    onKill = () => resolve(failed(KILLED, ""));
    killed.addEventListener("abort", onKill);
  });
  try {
    return await Promise.race([ended, died]);
  } finally {
    killed.removeEventListener("abort", onKill);
  }
}

function customCommands(library: JustBash, run: ShellRun, files: ShellFileSystem): CustomCommand[] {
  const { machine, session } = run;
  const programs = Object.entries(machine.commands)
    .filter(([name]) => SHELL_BUILTINS.includes(name) || machine.isInstalled(name))
    .flatMap(([name, given]) => {
      const command = name === "cat" ? fromOpenInput(given) : given;
      const elsewhere = adapt(library, run, name, command, systemProgram(name));
      if (machine.profile.programFolders?.[name] !== undefined) return [elsewhere];
      const known = adapt(library, run, name, command);
      // `command -v` finds only what has a name of its own here, wherever it is.
      const system = machine.profile.systemPrograms.includes(name);
      return system ? [known, elsewhere] : [known];
    });
  // A program of just-bash that some fault names is asked for, too, before it runs.
  const { commands, watch } = machine.faults;
  const watched = STANDARD_PROGRAMS.filter((name) => watch !== undefined || commands.includes(name)).map((name) =>
    adapt(library, run, name, (call) => call.builtin(call.args)),
  );
  return [
    ...programs,
    ...watched,
    library.defineCommand(AFTER_WRITE, async ([name = "", line = "", status = "0"]) => {
      const refused = files.takeRefusedWrite();
      if (!refused) return failed(Number(status), "");
      // A function goes on behind a command of it that cannot print.
      const isFunction = ![...STANDARD_PROGRAMS, ...SHELL_BUILTINS, ...Object.keys(machine.commands)].includes(name);
      if (refused.when === "write" && isFunction) return failed(Number(status), "");
      // The line that sets the arguments is ours.
      const added = (run.args ?? []).length > 0 ? 1 : 0;
      return refusal(run.name ?? "sh", name, Number(line) - added, refused);
    }),
    library.defineCommand(AFTER_BACKGROUND, async ([status = "0"]) => {
      session.backgroundStatus = Number(status);
      return succeeded();
    }),
    library.defineCommand(OWN_SHELL, async (args, context) => {
      const own = machine.fork(session, args[0]?.endsWith("/setsid") === true);
      const words = args.slice(args.indexOf("-s") + 1).filter((word, index) => index > 0 || word !== "--");
      const script = toBytes(library.decodeBytesToUtf8(context.stdin));
      const env = new Map(Object.entries(context.exportedEnv ?? {}));
      void runShell({ machine, session: own, script, args: words.map(toBytes), env, cwd: context.cwd, name: "sh" })
        .catch(() => {})
        .finally(() => machine.logout(own));
      return succeeded();
    }),
    library.defineCommand(WAIT, async () => failed(session.backgroundStatus, "")),
    library.defineCommand(RUN, async (words, context) =>
      result(
        await inner(
          run,
          context,
          words.map(toBytes).map(quote).join(" "),
          [],
          toBytes(library.decodeBytesToUtf8(context.stdin)),
        ),
      ),
    ),
    library.defineCommand(AFTER_EXEC, async ([number = "", file = ""], context) => {
      session.descriptors.set(Number(number), machine.files.resolve(files.resolvePath(context.cwd, file)));
      return { stdout: "", stderr: "", exitCode: 0 };
    }),
  ];
}

/** `cat` without a file waits for standard input that is still open. */
function fromOpenInput(cat: Command): Command {
  return async (call) => {
    const { conversation } = call.session;
    const waits = conversation && call.args.length === 0 && call.stdin === OPEN_INPUT;
    return waits ? succeeded(await readRest(conversation)) : cat(call);
  };
}

/** What the shell, or the program that it ran, says of a write that failed. */
function refusal(shell: string, name: string, line: number, refused: RefusedWrite): CommandOutput {
  const { when, path, error } = refused;
  const bash = shell === "bash";
  if (when === "open" && bash) return failed(1, `bash: line ${line}: ${path}: ${error.text}\n`);
  // dash 0.5.12 exits with 2 for it, and has its own words for a missing folder.
  const missing = error.code === "ENOENT" ? "Directory nonexistent" : error.text;
  if (when === "open") return failed(2, `${shell}: ${line}: cannot create ${path}: ${missing}\n`);
  if (name !== "echo" && name !== "printf") return failed(1, `${name}: write error: ${error.text}\n`);
  // dash calls every failed write of its own an I/O error.
  const text = bash
    ? `bash: line ${line}: ${name}: write error: ${error.text}`
    : `${shell}: ${line}: ${name}: ${name}: I/O error`;
  return failed(1, `${text}\n`);
}

function adapt(library: JustBash, run: ShellRun, name: string, command: Command, as = name): CustomCommand {
  const { machine, session } = run;
  return library.defineCommand(as, (args, context) => {
    const words = args.map(toBytes);
    const line = [name, ...words].join(" ");
    const env = () => new Map(Object.entries(context.exportedEnv ?? {}));
    const call: CommandCall = {
      name,
      args: words,
      get stdin() {
        return toBytes(library.decodeBytesToUtf8(context.stdin));
      },
      get env() {
        return env();
      },
      machine,
      session,
      path: (file) => context.fs.resolvePath(context.cwd, file),
      run: (argv, stdin = "") => inner(run, context, argv.map(quote).join(" "), [], stdin),
      runAsRoot: (argv, stdin = "") =>
        inner({ ...run, session: { ...session, user: "root", uid: 0 } }, context, argv.map(quote).join(" "), [], stdin),
      runScript: (script, argv, stdin = "") => inner(run, context, script, argv, stdin, name),
      builtin: async (argv) => output(await original(context, argv.map(toShellText))),
    };
    return whileAlive(session, async () => {
      machine.commandLines.push(line);
      if (machine.faults.cutsDuring(line)) session.cutConnection();
      const late = machine.faults.delayOf(line);
      if (late > 0) await setTimeout(late);
      const failure = machine.faults.failureOf(line);
      if (failure) return result(failure);
      if (machine.faults.hangs(line)) {
        if (session.limits === 0) await poweredOff(machine);
        return result(failed(KILLED, ""));
      }
      return result(await command(call));
    });
  });
}

function poweredOff({ powerOff }: Machine): Promise<void> {
  return new Promise((resolve) => powerOff.addEventListener("abort", () => resolve()));
}

async function original(context: Pick<CommandContext, "origCommand">, args: string[]): Promise<ExecResult> {
  return context.origCommand ? context.origCommand(args) : failed(127, "");
}

function inner(
  run: ShellRun,
  context: Pick<CommandContext, "cwd" | "exportedEnv">,
  script: string,
  args: readonly string[],
  stdin: string,
  name = run.name ?? "sh",
): Promise<CommandOutput> {
  const env = new Map(Object.entries(context.exportedEnv ?? {}));
  return runShell({ ...run, script, args, stdin, env, cwd: context.cwd, name });
}

function result({ stdout, stderr, exitCode }: CommandOutput): ExecResult {
  return { stdout: toShellText(stdout), stderr: toShellText(stderr), exitCode, stdoutKind: "text" };
}

function output({ stdout, stderr, exitCode, stdoutKind }: ExecResult): CommandOutput {
  const text = stdoutKind === "bytes" ? Buffer.from(stdout, "latin1").toString("utf8") : stdout;
  return { stdout: toBytes(text), stderr: toBytes(stderr), exitCode };
}

/** POSIX.1-2024, Shell Command Language, 2.2.2. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
