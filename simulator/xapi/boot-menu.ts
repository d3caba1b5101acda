import type { FileTree } from "../kernel/file-tree";

/** What Python prints when xcp.bootloader fails. */
export class BootloaderError extends Error {
  override readonly name = "BootloaderError";
}

interface MenuEntry {
  readonly label: string;
  readonly title: string;
  /** Between the title and the brace. */
  readonly extra: string;
  readonly contents: readonly string[];
  readonly root: string | undefined;
  readonly hypervisor: readonly [file: string, args: string];
  readonly kernel: readonly [file: string, args: string];
  readonly initrd: string;
  /** What stands in front of the entry. */
  readonly boilerplate: readonly string[];
}

/** grub.cfg as xcp/bootloader.py reads and writes it (python-libs 2.3.4 and 3.0.10: readGrub2, writeGrub2). */
export interface BootMenu {
  readonly path: string;
  readonly entries: readonly MenuEntry[];
  /** A label when the file gives a number, else the text of the file. */
  readonly default: string;
  readonly timeout: string | undefined;
  readonly serial: readonly [unit: string, speed: string] | undefined;
}

const PATHS = ["/boot/efi/EFI/xenserver/grub.cfg", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];

// The boilerplate that the first write of an old file adds, so that the next boot can be chosen once.
const OVERRIDE = [
  ...["if [ -s $prefix/grubenv ]; then", "\tload_env", "fi", ""],
  ...['if [ -n "$override_entry" ]; then', "\tset default=$override_entry", "fi", ""],
];

export function bootFile(files: FileTree): string | undefined {
  return PATHS.find((path) => files.exists(path));
}

export function loadBootMenu(files: FileTree, brand: string): BootMenu {
  const path = bootFile(files);
  if (path === undefined) throw new BootloaderError("RuntimeError: No existing bootloader configuration found");
  return readBootMenu(path, files.read(path), brand);
}

function readBootMenu(path: string, text: string, brand: string): BootMenu {
  const entries: MenuEntry[] = [];
  let boilerplate: string[] = [];
  let open: { title: string; extra: string; boilerplate: string[]; lines: string[] } | undefined;
  let chosen = "0";
  let timeout: string | undefined;
  let serial: BootMenu["serial"];
  let unnamed = 0;
  for (const raw of text.replace(/\n$/, "").split("\n")) {
    const line = raw.trim();
    const title = /^menuentry ['"]([^']*)['"](.*)\{/.exec(line);
    if (line.startsWith("set default=") && line === raw.trimEnd()) {
      chosen = (line.split("=")[1] ?? "").replace(/^['"](.*)['"]$/, "$1");
    } else if (line.startsWith("set timeout=") && line === raw.trimEnd()) timeout = line.split("=")[1];
    else if (line.startsWith("serial")) {
      const [, unit = "", speed = ""] = /^serial --unit=(\d+) --speed=(\d+)/.exec(line) ?? [];
      serial = [unit, speed];
    } else if (line.startsWith("terminal_")) continue;
    else if (title) {
      if (entries.length === 0 && !boilerplate.some((one) => one.includes("load_env"))) boilerplate.push(...OVERRIDE);
      open = { title: title[1] ?? "", extra: title[2] ?? "", boilerplate, lines: [] };
      boilerplate = [];
    } else if (open && line === "}") {
      entries.push(readEntry(open, labelOf(open.title, brand) ?? `label${++unnamed}`));
      open = undefined;
    } else if (open) open.lines.push(raw);
    else boilerplate.push(raw.trimEnd());
  }
  const number = /^-?\d+$/.test(chosen) ? Number(chosen) : undefined;
  if (number !== undefined && !entries[number]) throw new BootloaderError("IndexError: list index out of range");
  return { path, entries, default: number === undefined ? chosen : (entries[number]?.label ?? ""), timeout, serial };
}

export function formatBootMenu(menu: BootMenu): string {
  const lines: string[] = [];
  if (menu.serial) {
    lines.push(`serial --unit=${menu.serial[0]} --speed=${menu.serial[1]}`);
    lines.push("terminal_input serial console", "terminal_output serial console");
  }
  const number = menu.entries.findIndex((entry) => entry.label === menu.default);
  lines.push(number >= 0 ? `set default=${number}` : `set default='${menu.default}'`);
  if (menu.timeout !== undefined) lines.push(`set timeout=${menu.timeout}`);
  for (const entry of menu.entries) {
    lines.push(...entry.boilerplate, `menuentry '${entry.title}'${entry.extra}{`, ...entry.contents);
    if (entry.root !== undefined) lines.push(`\tsearch --label --set root ${entry.root}`);
    lines.push(`\tmultiboot2 ${entry.hypervisor.join(" ")}`, `\tmodule2 ${entry.kernel.join(" ")}`);
    lines.push(`\tmodule2 ${entry.initrd}`, "}");
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** commit: a temporary file beside it, made for root alone, then renamed over it. Nothing is flushed. */
export function writeBootMenu(files: FileTree, menu: BootMenu): void {
  const temporary = `${menu.path.slice(0, menu.path.lastIndexOf("/"))}/tmp${Math.random().toString(36).slice(2, 10)}`;
  files.open(temporary, { truncate: true, mode: 0o600 });
  files.write(temporary, formatBootMenu(menu));
  files.rename(temporary, menu.path);
}

/** The arguments of a line: `re.findall(r'\S[^ "]*(?:"[^"]*")?\S*', …)`. */
export function splitArguments(text: string): readonly string[] {
  return text.match(/\S[^ "]*(?:"[^"]*")?\S*/g) ?? [];
}

/** What the kernel of the entry that is booted gets. GRUB takes the first entry when the default is none. */
export function bootedArguments(files: FileTree, brand: string): string {
  const path = bootFile(files);
  const text = path === undefined ? "" : files.read(path).replace(/^set default=.*$/m, "set default=0");
  const [, chosen = "0"] = /^set default=['"]?(.*?)['"]?\s*$/m.exec(path === undefined ? "" : files.read(path)) ?? [];
  const { entries } = readBootMenu(path ?? "", text, brand);
  const entry = entries[Number(chosen)] ?? entries.find((one) => one.title === chosen) ?? entries[0];
  return entry?.kernel[1] ?? "";
}

/** The new arguments of one line of the entries that xen-cmdline edits. */
export function withArguments(
  menu: BootMenu,
  line: "kernel" | "hypervisor",
  change: (args: readonly string[]) => readonly string[],
): BootMenu {
  const entries = menu.entries.map((entry) =>
    entry.label === "xe" || entry.label === "xe-serial"
      ? { ...entry, [line]: [entry[line][0], change(splitArguments(entry[line][1])).join(" ")] }
      : entry,
  );
  return { ...menu, entries };
}

function labelOf(title: string, brand: string): string | undefined {
  if (title === brand) return "xe";
  if (title.endsWith("(Serial)")) return "xe-serial";
  if (title.endsWith("Safe Mode")) return "safe";
  if (title.includes(" / ")) return title.includes("(Serial,") ? "fallback-serial" : "fallback";
  return undefined;
}

function readEntry(
  open: { title: string; extra: string; boilerplate: readonly string[]; lines: readonly string[] },
  label: string,
): MenuEntry {
  const modules: string[] = [];
  const contents: string[] = [];
  let root: string | undefined;
  for (const line of open.lines) {
    const words = line.trim();
    if (/^(multiboot2|module2)\b/.test(words)) modules.push(words.replace(/^\S+\s+/, ""));
    else if (words.startsWith("search --label --set root")) root = words.split(/\s+/)[4];
    else contents.push(line.trimEnd());
  }
  const split = (text = ""): readonly [string, string] => {
    const [, file = "", args = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
    return [file, args];
  };
  const { title, extra, boilerplate } = open;
  const [hypervisor, kernel, initrd = ""] = modules;
  return {
    label,
    title,
    extra,
    contents,
    root,
    hypervisor: split(hypervisor),
    kernel: split(kernel),
    initrd,
    boilerplate,
  };
}
