/** GRUB's environment block, grubenv: a file of exactly 1024 bytes (grub 2.12, grub-core/lib/envblk.c). */
import { type BootEdit, editError, edited } from "./boot-edit";

const SIGNATURE = "# GRUB Environment Block\n";

/** The variables; undefined when the file is no environment block. */
export function readEnvironmentBlock(text: string): ReadonlyMap<string, string> | undefined {
  if (!text.startsWith(SIGNATURE)) return undefined;
  return new Map([...text.matchAll(VARIABLE)].map((match) => [match[1] ?? "", unescaped(match[2] ?? "")]));
}

/** The block with another value of a variable that it has; its size stays, as GRUB wants it. */
export function withVariable(text: string, name: string, value: string): BootEdit {
  if (!text.startsWith(SIGNATURE)) return editError("it is not an environment block of GRUB");
  const match = [...text.matchAll(VARIABLE)].find((variable) => variable[1] === name);
  if (!match) return editError(`it has no ${name}`);
  const body = text.replace(/#*$/, "");
  const line = `${name}=${value.replaceAll(/[\\\n]/g, "\\$&")}\n`;
  const next = body.slice(0, match.index) + line + body.slice(match.index + match[0].length);
  return next.length > text.length
    ? editError(
        `its ${text.length} bytes are too few for ${name} with one more argument. Remove an argument from ${name} first`,
      )
    : edited(next.padEnd(text.length, "#"));
}

const VARIABLE = /^(?!#)([^=\n]+)=((?:\\[\s\S]|[^\\\n])*)\n/gm;

function unescaped(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, "$1");
}
