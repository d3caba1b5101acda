import type { CommandCall, CommandOutput, Commands } from "../machine";
import { splitOptions } from "./command";

/** grep 3.8: what just-bash's grep lacks (-H, -s, more than one -e) is made from what it has. */
export const searchCommands: Commands = { grep, egrep: grep };

async function grep(call: CommandCall): Promise<CommandOutput> {
  const { options, words } = splitOptions(call.args);
  const has = (letter: string) => options.includes(letter);
  const lacking = (arg: string) => (/^-[a-zA-Z]+$/.test(arg) ? arg.replace(/[Hs]/g, "") : arg);
  const end = call.args.length - words.length;
  const args = [
    ...call.args
      .slice(0, end)
      .map(lacking)
      .filter((arg) => arg !== "-"),
    ...words.map((word, index) => (index === 0 || call.machine.files.exists(call.path(word)) ? word : missing(word))),
  ];
  // A second file makes grep print names, as -H does for one.
  if (has("H")) args.push("/dev/null");
  if (call.name === "egrep") args.unshift("-E");
  const output = await call.builtin(withOnePattern(args));
  const stdout = has("H") ? output.stdout.replace(/^\/dev\/null(:.*)?\n/gm, "") : output.stdout;
  const stderr = has("s") ? "" : output.stderr;
  return { stdout, stderr, exitCode: output.exitCode };
}

/** Patterns that several -e give, as one. */
function withOnePattern(args: readonly string[]): string[] {
  const isPattern = (index: number) => args[index - 1] === "-e";
  const patterns = args.filter((_, index) => isPattern(index));
  if (patterns.length < 2) return [...args];
  const others = args.filter((arg, index) => arg !== "-e" && !isPattern(index));
  return ["-e", patterns.join(args.includes("-E") ? "|" : "\\|"), ...others];
}

/** A file that is not there: the shell leaves a pattern that nothing matches, which just-bash's grep would match again. */
function missing(file: string): string {
  return file.replaceAll(/[*?[]/g, "-");
}
