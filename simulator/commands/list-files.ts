import { Errno } from "../kernel/errno";
import type { FileStatus } from "../kernel/file-node";
import type { CommandCall, CommandOutput, Commands } from "../machine";
import { isErrno, splitOptions } from "./command";

interface Entry {
  readonly name: string;
  readonly status: FileStatus;
}

/** ls of coreutils 9.1, not on a terminal: one name a line, `-l`, `-d`, `-a`, `-A`, `-L`. */
function ls(call: CommandCall): CommandOutput {
  const { options, words } = splitOptions(call.args);
  const has = (letter: string) => options.includes(letter);
  const followLast = has("L") || !(has("l") || has("d"));
  const files: Entry[] = [];
  const folders: string[] = [];
  let stderr = "";
  for (const name of [...(words.length > 0 ? words : ["."])].sort()) {
    try {
      const status = statusOf(call, name, followLast);
      if (status.kind === "directory" && !has("d")) folders.push(name);
      else files.push({ name, status });
    } catch (error) {
      if (!isErrno(error)) throw error;
      stderr += `ls: cannot access '${name}': ${error.text}\n`;
    }
  }
  const print = (entries: readonly Entry[]) =>
    has("l") ? long(entries) : entries.map((entry) => `${entry.name}\n`).join("");
  const sections = files.length > 0 ? [print(files)] : [];
  for (const folder of folders) {
    const entries = inFolder(call, folder, has("a") ? [".", ".."] : [], has("a") || has("A"), has("L"));
    const head = words.length > 1 ? `${folder}:\n` : "";
    sections.push(head + (has("l") ? `total ${entries.length * 4}\n` : "") + print(entries));
  }
  return { stdout: sections.join("\n"), stderr, exitCode: stderr === "" ? 0 : 2 };
}

function inFolder(
  call: CommandCall,
  folder: string,
  first: readonly string[],
  hidden: boolean,
  follow: boolean,
): Entry[] {
  const names = call.machine.files.list(call.path(folder)).filter((name) => hidden || !name.startsWith("."));
  return [...first, ...names].map((name) => ({ name, status: statusOf(call, `${folder}/${name}`, follow) }));
}

function statusOf(call: CommandCall, name: string, followLast: boolean): FileStatus {
  const { files } = call.machine;
  const path = call.path(name);
  if (followLast && !files.exists(path) && files.exists(path, { followLast: false })) {
    return files.status(path, { followLast: false });
  }
  if (name.endsWith("/") && files.status(path).kind !== "directory") throw new Errno("ENOTDIR", name);
  return files.status(path, { followLast: followLast || name.endsWith("/") });
}

function long(entries: readonly Entry[]): string {
  const width = Math.max(0, ...entries.map(({ status }) => String(status.size).length));
  return entries
    .map(({ name, status }) => {
      const arrow = status.target === undefined ? "" : ` -> ${status.target}`;
      const owner = userName(status.uid);
      const links = status.kind === "directory" ? 2 : 1;
      const size = String(status.size).padStart(width);
      return `${modeText(status)} ${links} ${owner} ${owner} ${size} ${dateText(status.mtime)} ${name}${arrow}\n`;
    })
    .join("");
}

/** `drwxr-xr-x` */
export function modeText(status: Pick<FileStatus, "kind" | "mode">): string {
  const bits = [...(status.mode & 0o777).toString(8).padStart(3, "0")].map((digit) => {
    const number = Number(digit);
    return `${number & 4 ? "r" : "-"}${number & 2 ? "w" : "-"}${number & 1 ? "x" : "-"}`;
  });
  return { file: "-", directory: "d", link: "l" }[status.kind] + bits.join("");
}

/** The name of a user: hosts here have root alone. */
export function userName(uid: number): string {
  return uid === 0 ? "root" : String(uid);
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `Nov 21 06:28`; a year instead of the time when that is half a year away. */
function dateText(time: number): string {
  const date = new Date(time);
  const month = MONTHS[date.getUTCMonth()];
  const day = String(date.getUTCDate()).padStart(2);
  const recent = Math.abs(Date.now() - time) < 182 * 24 * 3600 * 1000;
  return `${month} ${day} ${recent ? date.toISOString().slice(11, 16) : ` ${date.getUTCFullYear()}`}`;
}

/** `ls`. */
export const listCommands: Commands = { ls };
