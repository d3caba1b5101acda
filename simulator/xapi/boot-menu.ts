import type { FileTree } from "../kernel/file-tree";

/** What Python prints when xcp.bootloader fails. */
export class BootloaderError extends Error {
  override readonly name = "BootloaderError";
}

/** python-libs of XenServer 7 to XCP-ng 8.2, which is Python 2, and that of XenServer 8 and XCP-ng 8.3. */
type Release = "2.3.4" | "3.0.10";

/** A file and its arguments, as Python prints them: "None" where the entry has none. */
type Loaded = readonly [file: string, args: string] | undefined;

interface MenuEntry {
  readonly title: string;
  /** Between the title and the brace. */
  readonly extra: string;
  readonly contents: readonly string[];
  readonly root: string | undefined;
  readonly tboot: Loaded;
  readonly hypervisor: Loaded;
  readonly kernel: Loaded;
  readonly initrd: string | undefined;
  /** Release 3.0.10 alone: how the entry is written back. An entry that loads nothing is "multiboot2" too. */
  readonly format: "multiboot2" | "linux" | "xen_hypervisor";
}

/** grub.cfg as xcp/bootloader.py reads and writes it (python-libs 2.3.4 and 3.0.10: readGrub2, writeGrub2). */
export interface BootMenu {
  readonly path: string;
  readonly release: Release;
  /** By label: of two entries with one label, the second. */
  readonly entries: ReadonlyMap<string, MenuEntry>;
  /** The label of each entry, in the order of the file. */
  readonly order: readonly string[];
  /** What stands in front of each entry. */
  readonly boilerplates: readonly (readonly string[])[];
  /** A label when the file gives a number, else the text of the file. */
  readonly default: string;
  /** Seconds. */
  readonly timeout: number;
  readonly serial: readonly [unit: string, speed: string] | undefined;
}

const PATHS = ["/boot/efi/EFI/xenserver/grub.cfg", "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];

// The boilerplate that the first write of an old file adds, so that the next boot can be chosen once.
const OVERRIDE = [
  ...["if [ -s $prefix/grubenv ]; then", "\tload_env", "fi", ""],
  ...['if [ -n "$override_entry" ]; then', "\tset default=$override_entry", "fi", ""],
];

/** The grub.cfg that this host boots from; undefined without one. */
export function bootFile(files: FileTree): string | undefined {
  return PATHS.find((path) => files.exists(path));
}

/** Reads that file. Throws BootloaderError with the words of the library. */
export function loadBootMenu(files: FileTree, brand: string, release: Release): BootMenu {
  const path = bootFile(files);
  if (path === undefined) throw new BootloaderError("RuntimeError: No existing bootloader configuration found");
  return readBootMenu(path, files.read(path), brand, release);
}

/** readGrub2. What it has read of an entry lasts until a line "}", even where that closes something else. */
export function readBootMenu(path: string, text: string, brand: string, release: Release): BootMenu {
  const entries = new Map<string, MenuEntry>();
  const order: string[] = [];
  const boilerplates: string[][] = [];
  let boilerplate: string[] = [];
  let open: { -readonly [Key in keyof MenuEntry]: MenuEntry[Key] } & { contents: string[] } = emptyEntry();
  let chosen = "0";
  let timeout = 0;
  let serial: BootMenu["serial"];
  let unnamed = 0;
  for (const raw of text.replace(/\n$/, "").split("\n")) {
    const line = raw.trim();
    const isUnindented = line === raw.trimEnd();
    const title = /^menuentry ['"]([^']*)['"](.*)\{/.exec(line);
    if (line.startsWith("set default=") && isUnindented) {
      chosen = (line.split("=")[1] ?? "").replace(/^['"](.*)['"]$/, "$1");
    } else if (line.startsWith("set timeout=") && isUnindented) timeout = readInteger(line.split("=")[1] ?? "");
    else if (line.startsWith("serial")) {
      const match = /^serial --unit=(\d+) --speed=(\d+)/.exec(line);
      if (match) serial = [match[1] ?? "", match[2] ?? ""];
    } else if (line.startsWith("terminal_")) continue;
    else if (title) {
      open.title = title[1] ?? "";
      open.extra = title[2] ?? "";
      if (boilerplates.length === 0 && !boilerplate.some((line) => line.includes("load_env"))) {
        boilerplate.push(...OVERRIDE);
      }
      boilerplates.push(boilerplate);
      boilerplate = [];
    } else if (open.title === "") boilerplate.push(raw.trimEnd());
    else if (line === "}") {
      const label = labelOf(open.title, brand, release) ?? `label${++unnamed}`;
      order.push(label);
      entries.set(label, open);
      open = emptyEntry();
    } else if (/^search --label --set root/.test(line)) open.root = line.split(/\s+/)[4];
    else if (/^(multiboot2|module2|linux|initrd|xen_hypervisor|xen_module)/.test(line)) load(open, line, release, raw);
    else open.contents.push(raw.trimEnd());
  }
  const position = isInteger(chosen) ? Number(chosen) : undefined;
  const label = position === undefined ? chosen : order.at(position);
  if (label === undefined) throw new BootloaderError("IndexError: list index out of range");
  return { path, release, entries, order, boilerplates, default: label, timeout, serial };
}

/** writeGrub2. */
export function formatBootMenu(menu: BootMenu): string {
  const lines: string[] = [];
  if (menu.serial) {
    lines.push(`serial --unit=${menu.serial[0]} --speed=${menu.serial[1]}`);
    lines.push("terminal_input serial console", "terminal_output serial console");
  }
  const number = menu.order.indexOf(menu.default);
  if (menu.default !== "") lines.push(number >= 0 ? `set default=${number}` : `set default='${menu.default}'`);
  if (menu.timeout !== 0) lines.push(`set timeout=${menu.timeout}`);
  for (const [index, label] of menu.order.entries()) {
    const entry = menu.entries.get(label) ?? emptyEntry();
    const extra = menu.release === "3.0.10" && entry.extra === "" ? " " : entry.extra;
    lines.push(...(menu.boilerplates[index] ?? []), `menuentry '${entry.title}'${extra}{`);
    if (entry.contents.some((line) => line !== "") || entry.contents.length > 1) lines.push(...entry.contents);
    if (entry.root !== undefined) lines.push(`\tsearch --label --set root ${entry.root}`);
    lines.push(
      ...(menu.release === "2.3.4" ? loadedBy234(entry) : loadedBy3010(entry)).map((line) => `\t${line}`),
      "}",
    );
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

/** The arguments of one line of the entry with this label. */
export function argumentsOf(menu: BootMenu, label: string, line: "kernel" | "hypervisor"): readonly string[] {
  const entry = menu.entries.get(label);
  if (!entry) throw new BootloaderError(`KeyError: '${label}'`);
  if (!entry[line]) throw new BootloaderError("TypeError: expected string or bytes-like object");
  return splitArguments(entry[line][1]);
}

/** The new arguments of one line of the entries that xen-cmdline edits. */
export function withArguments(
  menu: BootMenu,
  line: "kernel" | "hypervisor",
  change: (args: readonly string[]) => readonly string[],
): BootMenu {
  const entries = new Map(menu.entries);
  for (const label of ["xe", "xe-serial"]) {
    const entry = entries.get(label);
    if (!entry) continue;
    const args = change(argumentsOf(menu, label, line)).join(" ");
    entries.set(label, { ...entry, [line]: [entry[line]?.[0] ?? "", args] });
  }
  return { ...menu, entries };
}

/**
 * What the kernel of the entry gets that GRUB boots (grub 2.02, grub-core/normal/menu.c, get_entry_number and
 * run_menu): the first where the default is none of them.
 */
export function bootedArguments(files: FileTree): string {
  const path = bootFile(files);
  const text = path === undefined ? "" : files.read(path);
  const entries = text.split(/^\s*(?=menuentry\s)/m).slice(1);
  const titles = entries.map((entry) => /^menuentry\s+['"]?(.*?)['"]?(?:\s+--.*)?\s*\{/.exec(entry)?.[1]);
  const chosen = [...text.matchAll(/^set default=['"]?(.*?)['"]?\s*$/gm)].at(-1)?.[1] ?? "0";
  const number = /^\d+$/.test(chosen) ? Number(chosen) : titles.indexOf(chosen);
  const entry = entries[number] ?? entries[0] ?? "";
  return /^\s*(?:module2|xen_module|linux)\s+\S+[ \t]*(.*?)\s*$/m.exec(entry)?.[1] ?? "";
}

function emptyEntry() {
  return {
    title: "",
    extra: "",
    contents: [] as string[],
    root: undefined,
    tboot: undefined,
    hypervisor: undefined,
    kernel: undefined,
    initrd: undefined,
    format: "multiboot2" as const,
  };
}

function labelOf(title: string, brand: string, release: Release): string | undefined {
  if (title === brand) return "xe";
  if (release === "2.3.4" && title.endsWith("(Serial) (Trusted Boot)")) return "xe-serial-tboot";
  if (release === "2.3.4" && title.endsWith("(Trusted Boot)")) return "xe-tboot";
  if (title.endsWith("(Serial)")) return "xe-serial";
  if (title.endsWith("Safe Mode")) return "safe";
  if (title.endsWith("upgrade")) return "upgrade";
  if (title.includes(" / ")) return title.includes("(Serial,") ? "fallback-serial" : "fallback";
  return undefined;
}

/** A line that loads something. The beginning of the word counts, so "linux16" and "initrd16" are here too. */
function load(
  open: { -readonly [Key in keyof MenuEntry]: MenuEntry[Key] },
  line: string,
  release: Release,
  raw: string,
) {
  const is234 = release === "2.3.4";
  if (is234 && line.startsWith("xen_")) (open.contents as string[]).push(raw.trimEnd());
  else if (is234 && line.startsWith("multiboot2") && line.includes("tboot"))
    open.tboot = fileAndArguments(line, release);
  else if (line.startsWith("multiboot2")) open.hypervisor = fileAndArguments(line, release);
  else if (line.startsWith("xen_hypervisor")) {
    open.format = "xen_hypervisor";
    open.hypervisor = fileAndArguments(line, release);
  } else if (line.startsWith("linux")) {
    open.format = "linux";
    open.kernel = fileAndArguments(line, release);
  } else if (line.startsWith("initrd")) {
    if (!is234 && !open.kernel) throw new BootloaderError("RuntimeError: Need a kernel");
    open.initrd = rest(line);
  } else if (open.hypervisor === undefined) {
    if (!is234) throw new BootloaderError("RuntimeError: Need a multiboot2 kernel");
    open.hypervisor = fileAndArguments(line, release);
  } else if (open.kernel) open.initrd = rest(line);
  else open.kernel = fileAndArguments(line, release);
}

function fileAndArguments(line: string, release: Release): Loaded {
  const [, file, args] = /^\S+\s+(\S+)(?:\s+(.*))?$/.exec(line) ?? [];
  if (release === "2.3.4" && (file === undefined || args === undefined)) {
    throw new BootloaderError("ValueError: need more than 1 value to unpack");
  }
  return [file ?? "", args ?? ""];
}

function rest(line: string): string {
  const [, text] = /^\S+\s+(.*)$/.exec(line) ?? [];
  if (text === undefined) throw new BootloaderError("IndexError: list index out of range");
  return text;
}

function loadedBy234({ tboot, hypervisor, kernel, initrd }: MenuEntry): string[] {
  if (!hypervisor) {
    return [...(kernel ? [`linux ${kernel.join(" ")}`] : []), ...(initrd ? [`initrd ${initrd}`] : [])];
  }
  return [
    ...(tboot ? [`multiboot2 ${tboot.join(" ")}`] : []),
    `${tboot ? "module2" : "multiboot2"} ${hypervisor.join(" ")}`,
    ...(kernel ? [`module2 ${kernel.join(" ")}`] : []),
    ...(initrd ? [`module2 ${initrd}`] : []),
  ];
}

function loadedBy3010({ hypervisor, kernel, initrd, format }: MenuEntry): string[] {
  const none = ["None", "None"];
  if (format === "linux") return [`linux ${(kernel ?? none).join(" ")}`, ...(initrd ? [`initrd ${initrd}`] : [])];
  const module = format === "multiboot2" ? "module2" : "xen_module";
  return [
    `${format} ${(hypervisor ?? none).join(" ")}`,
    ...(kernel ? [`${module} ${kernel.join(" ")}`] : []),
    ...(initrd ? [`${module} ${initrd}`] : []),
  ];
}

/** int() of Python takes blanks around the digits, zeros in front of them, and no quotes. */
function isInteger(text: string): boolean {
  return /^\s*[-+]?\d+\s*$/.test(text);
}

function readInteger(text: string): number {
  if (isInteger(text)) return Number(text);
  throw new BootloaderError(`ValueError: invalid literal for int() with base 10: ${JSON.stringify(text)}`);
}
