import { posixChecksum } from "../facts/checksum";
import { quote } from "../shell";

/** Shell that expects a file's text, replaces it, and puts it back. Undefined text: there is no such file. */
export interface TextShell {
  readonly assumes: string;
  readonly perform: string;
  readonly undo: string;
}

/** For steps that replace the whole text of a file; the new text is compared once it is written. */
export function textShell(path: string, before: string | undefined, after: string | undefined): TextShell {
  return {
    assumes: expectText(path, before),
    perform: `${putText(path, after)} || return\n${expectText(path, after)}`,
    undo: putText(path, before),
  };
}

/** Shell that makes a file have this text, or be gone. */
export function putText(path: string, text: string | undefined): string {
  return text === undefined ? `rm -f ${quote(path)}` : `printf %s ${quote(text)} | replace_file ${quote(path)}`;
}

function expectText(path: string, text: string | undefined): string {
  return `expect_file ${quote(path)} ${text === undefined ? "absent" : posixChecksum(text)}`;
}
