import { posixChecksum } from "../facts/checksum";
import { quote } from "../shell";

/** Shell that checks a file's text, replaces it, and restores it. */
export interface TextShell {
  readonly assumes: string;
  readonly perform: string;
  readonly undo: string;
}

/**
 * Shell for steps that replace the whole text of a file; the new text is checked after writing. Undefined text means no
 * file.
 */
export function textShell(
  path: string,
  before: string | undefined,
  after: string | undefined,
  mode?: "755",
): TextShell {
  // A file that is there keeps its mode.
  const modeOf = (replaced: string | undefined) => (replaced === undefined ? mode : undefined);
  return {
    assumes: expectText(path, before),
    perform: `${putText(path, after, modeOf(before))} || return\n${expectText(path, after)}`,
    undo:
      before === undefined
        ? putText(path, before)
        : // On a full disk, what still has its text must not need to be written.
          `${expectText(path, before)} > /dev/null || ${putBack(path, before, modeOf(after))}`,
  };
}

/** Shell that gives a file this text, and a new file this mode; undefined text removes it. */
export function putText(path: string, text: string | undefined, mode?: "755"): string {
  const withMode = mode === undefined ? "" : ` ${mode}`;
  return text === undefined ? `remove_file ${quote(path)}` : `put_text ${quote(path)} ${quote(text)}${withMode}`;
}

/** Shell that gives a file the text again that it had before, as `putText`: on trial, by the copy that is there. */
export function putBack(path: string, text: string, mode?: "755"): string {
  return `put_back ${quote(path)} || ${putText(path, text, mode)}`;
}

/** Shell that fails unless the file has this text. */
export function expectText(path: string, text: string | undefined): string {
  const [, line] = /^([ -~]+)\n$/.exec(text ?? "") ?? [];
  if (line !== undefined) return `expect_line ${quote(path)} ${quote(line)}`;
  return `expect_file ${quote(path)} ${text === undefined ? "absent" : posixChecksum(text)}`;
}
