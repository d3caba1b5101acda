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
export function textShell(path: string, before: string | undefined, after: string | undefined): TextShell {
  return {
    assumes: expectText(path, before),
    perform: `${putText(path, after)} || return\n${expectText(path, after)}`,
    undo: putText(path, before),
  };
}

/** Shell that gives a file this text; undefined text removes it. */
export function putText(path: string, text: string | undefined): string {
  return text === undefined ? `rm -f ${quote(path)}` : `printf %s ${quote(text)} | replace_file ${quote(path)}`;
}

function expectText(path: string, text: string | undefined): string {
  return `expect_file ${quote(path)} ${text === undefined ? "absent" : posixChecksum(text)}`;
}
