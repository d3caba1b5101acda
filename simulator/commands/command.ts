import type { Errno } from "../kernel/errno";
import type { CommandOutput } from "../machine";

/** What a program leaves that ended with 0. */
export function succeeded(stdout = ""): CommandOutput {
  return { stdout, stderr: "", exitCode: 0 };
}

/** The exit code of a program that SIGKILL ended. */
export const KILLED = 137;

/** What a program leaves that ended with another exit code. */
export function failed(exitCode: number, stderr: string, stdout = ""): CommandOutput {
  return { stdout, stderr, exitCode };
}

/** Single letters before the first word that is no option: `-sH` is s and H. `--` ends them. */
export function splitOptions(args: readonly string[]): {
  readonly options: readonly string[];
  readonly words: readonly string[];
} {
  const end = args.findIndex((arg) => arg === "--" || !/^-./.test(arg));
  if (end < 0) return { options: letters(args), words: [] };
  return { options: letters(args.slice(0, end)), words: args.slice(args[end] === "--" ? end + 1 : end) };
}

/** Runs one action a file and prints `name: <complaint>` for each that fails, as the coreutils do; exit code 1 then. */
export function eachFile(
  files: readonly string[],
  act: (file: string) => string,
  complain: (file: string, error: Errno) => string,
): CommandOutput {
  let stdout = "";
  let stderr = "";
  for (const file of files) {
    try {
      stdout += act(file);
    } catch (error) {
      if (!isErrno(error)) throw error;
      stderr += `${complain(file, error)}\n`;
    }
  }
  return { stdout, stderr, exitCode: stderr === "" ? 0 : 1 };
}

/** Whether a system call failed; told by the name, since tests load the class more than once. */
export function isErrno(error: unknown): error is Errno {
  return error instanceof Error && error.name === "Errno";
}

function letters(args: readonly string[]): string[] {
  return args.flatMap((arg) => (arg.startsWith("--") ? [arg] : [...arg.slice(1)]));
}
