import type { CommandCall, CommandOutput, Commands } from "../machine";
import { argumentsOf, BootloaderError, loadBootMenu, withArguments, writeBootMenu } from "../xapi/boot-menu";
import { failed, isErrno, succeeded } from "./command";

const OPTIONS = ["--get-dom0", "--set-dom0", "--delete-dom0", "--get-xen", "--set-xen", "--delete-xen"];

/**
 * /opt/xensource/libexec/xen-cmdline (xcp-ng-release: the Python 2 script of 7.4 to 8.2, the Python 3 one of 8.3). It
 * checks nothing and ends with 0 but where Python itself fails.
 */
export const xenCmdlineCommands: Commands = {
  "xen-cmdline": (call) => {
    const { files, xapi } = call.machine;
    try {
      let menu = loadBootMenu(files, xapi?.data.brand ?? "", isPython2(call) ? "2.3.4" : "3.0.10");
      let stdout = "";
      let modified = false;
      for (const { option, words } of operations(call.args)) {
        const line = option.endsWith("-xen") ? "hypervisor" : "kernel";
        if (option.startsWith("--get-")) {
          stdout += `${matching(call, argumentsOf(menu, menu.default, line), words).join("\n")}\n`;
          continue;
        }
        const sets = option.startsWith("--set-");
        const names = sets ? words.map((word) => word.split("=")[0] ?? "") : words;
        const added = sets ? words : [];
        menu = withArguments(menu, line, (args) => [...others(call, args, names), ...added]);
        modified = true;
      }
      if (modified) writeBootMenu(files, menu);
      return succeeded(stdout);
    } catch (error) {
      if (error instanceof BootloaderError) return traceback(error.message);
      if (!isErrno(error)) throw error;
      const number = { EROFS: 30, ENOSPC: 28, EACCES: 13, EIO: 5 }[error.code as string] ?? 1;
      return traceback(`OSError: [Errno ${number}] ${error.text}`);
    }
  },
};

/**
 * An operation runs when it has at least one word, wherever that stands; words that begin with "--" and mean nothing
 * are passed over.
 */
function operations(
  args: readonly string[],
): readonly { readonly option: string; readonly words: readonly string[] }[] {
  const found: { option: string; words: string[] }[] = [];
  let option: string | undefined;
  let words: string[] = [];
  for (const arg of args) {
    if (arg.startsWith("--") && option !== undefined && words.length > 0) {
      found.push({ option, words });
      words = [];
    }
    if (OPTIONS.includes(arg)) option = arg;
    if (!arg.startsWith("--")) words.push(arg);
  }
  if (option !== undefined && words.length > 0) found.push({ option, words });
  return found;
}

function matching(call: CommandCall, args: readonly string[], names: readonly string[]): readonly string[] {
  return isPython2(call)
    ? names.flatMap((name) => args.filter((arg) => matches(name, arg)))
    : args.flatMap((arg) => names.filter((name) => matches(name, arg)).map(() => arg));
}

/**
 * Both lose track with two names: the Python 3 script has every argument once for each name, the older one keeps all.
 */
function others(call: CommandCall, args: readonly string[], names: readonly string[]): readonly string[] {
  return isPython2(call)
    ? args.filter((arg) => names.some((name) => !matches(name, arg)))
    : args.flatMap((arg) => names.filter((name) => !matches(name, arg)).map(() => arg));
}

function matches(name: string, arg: string): boolean {
  return arg === name || arg.startsWith(`${name}=`);
}

function isPython2(call: CommandCall): boolean {
  return call.machine.xapi?.data.generation === "7";
}

function traceback(error: string): CommandOutput {
  return failed(
    1,
    `Traceback (most recent call last):\n  File "/opt/xensource/libexec/xen-cmdline", line 76\n${error}\n`,
  );
}
