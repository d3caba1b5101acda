/**
 * Configuration of GRUB 0.9x: /boot/grub/grub.conf, /boot/grub/menu.lst (GNU GRUB manual 0.97, chapters "Configuration"
 * and "Commands"). An entry boots Xen when its kernel is one: then the first `module` is the kernel of dom0.
 */
import { type BootEdit, editError, edited } from "./boot-edit";
import type { ArgumentEdit, KernelLine } from "./kernel-line";

/** An entry of grub.conf or menu.lst: a `title` and what follows it. */
export interface LegacyEntry {
  readonly title: string;
  readonly boots: "xen" | "linux" | "other";
  /** Where each command line stands, its kernel's path first. */
  readonly lines: Partial<Record<KernelLine, Range>>;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Debian's update-grub of that time makes the entries anew from these comments (grub 0.97-27, debian/update-grub). */
const DEBIAN_OPTIONS = { linux: "kopt", dom0: "xenkopt", xen: "xenhopt" } as const;
const DEBIAN_MARK = "### BEGIN AUTOMAGIC KERNELS LIST";

/**
 * The entries in their order; an error where a line goes on behind a backslash, which nobody writes and we do not read.
 */
export function readLegacyGrub(text: string): readonly LegacyEntry[] {
  const entries: { title: string; boots: LegacyEntry["boots"]; lines: Partial<Record<KernelLine, Range>> }[] = [];
  for (const match of text.matchAll(/^[ \t]*([a-z]+)(?:[ \t=]+([^\r\n]*))?\r?$/gm)) {
    const [whole, command = "", rest = ""] = match;
    const entry = entries.at(-1);
    if (command === "title") entries.push({ title: rest.trim(), boots: "other", lines: {} });
    else if (entry && (command === "kernel" || command === "module") && rest !== "") {
      const start = match.index + whole.indexOf(rest, whole.indexOf(command) + command.length);
      const range = { start, end: start + rest.length };
      if (command === "kernel") {
        const boots = isXen(rest) ? "xen" : isMemoryTest(rest) ? "other" : "linux";
        entry.boots = boots;
        entry.lines = boots === "other" ? {} : { [boots]: range };
      } else if (entry.boots === "xen" && !entry.lines.dom0) entry.lines = { ...entry.lines, dom0: range };
    }
  }
  return entries;
}

/** The entry that boots when nobody chooses: `default=N`, 0 without it; undefined for `default saved`. */
export function defaultLegacyEntry(text: string): LegacyEntry | undefined {
  const chosen = [...text.matchAll(/^[ \t]*default[ \t=]+(\S+)/gm)].at(-1)?.[1] ?? "0";
  return /^\d+$/.test(chosen) ? readLegacyGrub(text)[Number(chosen)] : undefined;
}

/**
 * Edits the command line of every entry that has one, recovery entries excepted, and the options that Debian makes
 * entries from.
 */
export function editLegacyGrub(text: string, line: KernelLine, change: ArgumentEdit): BootEdit {
  if (/^[ \t]*(?:kernel|module)\b.*\\\r?$/m.test(text)) {
    return editError("a kernel or module line continues on the next line after a backslash. Write it on a single line");
  }
  const entries = readLegacyGrub(text).filter((entry) => !isRecovery(entry.title));
  const ranges = [...placesOf(text, entries, line), ...debianOptions(text, line)];
  const hasEntry = entries.some((entry) => entry.lines[line]);
  if (!hasEntry) return editError(`it has no entry that boots ${line === "linux" ? "a kernel without Xen" : "Xen"}`);
  return editRanges(text, ranges, change);
}

/** The command lines of the entries that editLegacyGrub edits, without the paths. */
export function legacyCommandLines(text: string, line: KernelLine): readonly string[] {
  return readLegacyGrub(text).flatMap((entry) => {
    const range = isRecovery(entry.title) ? undefined : entry.lines[line];
    return range ? [text.slice(range.start, range.end).replace(/^\S+\s*/, "")] : [];
  });
}

/** Where a command line stands in a text, and the name of that place. */
export interface LinePlace extends Range {
  readonly place: string;
}

/** Edits command lines that do not overlap, whatever their order. */
export function editRanges(text: string, places: readonly LinePlace[], { edit }: ArgumentEdit): BootEdit {
  let after = text;
  for (const { start, end, place } of [...places].sort((a, b) => b.start - a.start)) {
    const commandLine = edit(text.slice(start, end), place);
    if (commandLine.kind === "error") return editError(`in "${text.slice(start, end)}": ${commandLine.reason}`);
    after = after.slice(0, start) + commandLine.text + after.slice(end);
  }
  return edited(after);
}

/**
 * Whether an entry is for repairs by its title, as the generators of the distributions write them. Those stay as they
 * are.
 */
export function isRecovery(title: string): boolean {
  return /recovery|rescue|fail-?safe|single[ -]user/i.test(title);
}

/** Whether the file's name is one of the hypervisor: xen.gz-2.6.18-398.el5, xen-4.17-amd64.gz, xen.gz. */
export function isXen(commandLine: string): boolean {
  return /^xen[-.\w+~]*$/.test(fileOf(commandLine));
}

/** Whether it is a memory test, which is loaded as a kernel and none: memtest86+x64.bin, elf-memtest86+-5.01. */
export function isMemoryTest(commandLine: string): boolean {
  return /^(?:elf-)?memtest/i.test(fileOf(commandLine));
}

/** The name of the file that a command loads. */
function fileOf(commandLine: string): string {
  const path = /^(?:--\S+\s+)*(\S*)/.exec(commandLine)?.[1] ?? "";
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Named by title and kernel; equal ones are counted from below, since new entries come above (grubby 8.40). */
function placesOf(text: string, entries: readonly LegacyEntry[], line: KernelLine): readonly LinePlace[] {
  const seen = new Map<string, number>();
  return [...entries].reverse().flatMap(({ title, lines: { [line]: range } }) => {
    if (!range) return [];
    const name = `${title}, ${text.slice(range.start, range.end).split(/\s/)[0]}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return [{ ...range, place: count === 1 ? name : `${name}, ${count}` }];
  });
}

function debianOptions(text: string, line: KernelLine): readonly LinePlace[] {
  if (!text.includes(DEBIAN_MARK)) return [];
  const match = new RegExp(`^# ${DEBIAN_OPTIONS[line]}=(.*)$`, "m").exec(text);
  const end = match ? match.index + match[0].length : 0;
  return match ? [{ start: end - (match[1] ?? "").length, end, place: `# ${DEBIAN_OPTIONS[line]}` }] : [];
}
