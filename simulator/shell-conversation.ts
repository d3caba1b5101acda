import type { ScriptNode } from "just-bash";
import { loadJustBash } from "./just-bash";
import type { Conversation } from "./machine";
import { completeScript, OPEN_OUTPUT, printAtOnce } from "./shell-transform";
import { toBytes, toShellText } from "./wire-text";

/**
 * A script whose standard input is still open. just-bash wants all of it at the beginning, so such a script has this text
 * there, and a `cat` that gets it waits for what really comes.
 */
export const OPEN_INPUT = "\x05";

/** Whether a shell reads no further than this script: its last line ends with `exit`. */
export function endsItself(script: string): boolean {
  if (!/(^|[;\n] *)exit( \d+)?\n$/.test(script)) return false;
  try {
    loadJustBash().parse(toShellText(script));
    return true;
  } catch {
    return false; // That line is inside a function or quotes.
  }
}

/** The script with its output sent statement by statement. */
export function asConversation(script: ScriptNode): ScriptNode {
  return printAtOnce(script, OPEN_OUTPUT);
}

/** The rest of standard input, as shell that `eval` runs as it would have run from the beginning: just-bash lets nobody change it then. */
export async function readRest({ restOfInput }: Conversation): Promise<string> {
  const rest = await restOfInput;
  const { parse, serialize } = loadJustBash();
  try {
    const complete = serialize(completeScript(parse(toShellText(rest))));
    // It drops comments, and by those at both ends scripts tell whether they are whole.
    const [first = "", last = ""] = [/^# .*\n/, / # .*\n$/].map((comment) => comment.exec(rest)?.[0]);
    return `${first}${toBytes(complete).trimEnd()}${last}`;
  } catch {
    return rest;
  }
}
