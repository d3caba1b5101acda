/**
 * The boot menu of XenServer and XCP-ng, as far as `xen-cmdline` reads it (xcp-ng-release, xen-cmdline of 7.4 and of
 * 8.3; python-libs, xcp/bootloader.py, 2.3.4 and 3.0.10).
 */
import { parseHideList } from "../pci/hide-list";

/** An entry of grub.cfg. */
export interface XenMenuEntry {
  readonly title: string;
  /** The arguments of the dom0 kernel, as xen-cmdline takes the line apart. */
  readonly dom0Arguments: readonly string[];
}

/** The entries of grub.cfg, and which of them boots. */
export interface XenMenu {
  readonly entries: readonly XenMenuEntry[];
  /** What `set default=` says: a number, a title, or nothing, which is the first. */
  readonly default: string;
}

const ARGUMENT = /\S[^ "]*(?:"[^"]*")?\S*/g;

/**
 * Reads grub.cfg. The second module of an entry, behind the hypervisor, is the kernel; a `tboot` entry has one more.
 */
export function readXenMenu(text: string): XenMenu {
  const entries: { title: string; dom0Arguments: readonly string[] }[] = [];
  let open: { title: string; lines: string[] } | undefined;
  let chosen = "0";
  for (const line of text.split("\n")) {
    const words = line.trim();
    const [, title] = /^menuentry ['"]([^']*)['"].*\{/.exec(words) ?? [];
    const [, preset] = /^set default=(.*?)\s*$/.exec(line) ?? [];
    if (title !== undefined) open = { title, lines: [] };
    else if (open && words === "}") {
      entries.push({ title: open.title, dom0Arguments: kernelArguments(open.lines) });
      open = undefined;
    } else if (open) open.lines.push(words);
    else if (preset !== undefined) chosen = preset.replace(/^['"](.*)['"]$/, "$1");
  }
  return { entries, default: chosen };
}

/**
 * The entry that the host boots, and that `xen-cmdline --get-dom0` reads; undefined when the default is none of them.
 */
export function defaultEntry(menu: XenMenu): XenMenuEntry | undefined {
  return menu.entries[Number(menu.default)] ?? menu.entries.find((entry) => entry.title === menu.default);
}

/**
 * Whether `xen-cmdline --set-dom0` edits the entry. Of the normal ones it is the one that is called after the product
 * alone (`XCP-ng`, `XenServer`), and the serial one; never the safe and fallback ones.
 */
export function isEdited(entry: XenMenuEntry, brand: string): boolean {
  return entry.title === brand || /\(Serial\)$/.test(entry.title);
}

/** What the arguments of one boot say about hidden devices. */
export interface HideArguments {
  /**
   * The values of `xen-pciback.hide=`, in order, with quotes that stand around them. To the kernel "-" and "_" are the
   * same in names, and the last value counts.
   */
  readonly values: readonly string[];
  /** Those of the values that are spelt in another way: xen-cmdline takes `xen_pciback.hide` for another argument. */
  readonly otherSpellings: readonly string[];
  /**
   * Arguments that were meant for the list and hide nothing: pieces that a space cut off, and the old name
   * `pciback.hide`.
   */
  readonly strays: readonly string[];
}

/** The argument's name as xen-cmdline and XAPI spell it. */
export const HIDE_KEY = "xen-pciback.hide";

/** Reads them from the arguments of one entry, as XenMenuEntry has them. */
export function readHideArguments(args: readonly string[]): HideArguments {
  const hide = args.filter((arg) => /^"?xen[-_]pciback\.hide=/.test(arg));
  const value = (arg: string) => arg.slice(arg.indexOf("=") + 1);
  return {
    values: hide.map(value),
    otherSpellings: hide.filter((arg) => !arg.startsWith(`${HIDE_KEY}=`)),
    strays: args.filter((arg) => arg.startsWith("pciback.hide=") || /^\([0-9a-f:.*]+\)/i.test(arg)),
  };
}

/**
 * Whether xapi's own reader takes the list: long addresses alone (pciops.ml; another list makes it fail with
 * Scan_failure).
 */
export function xapiReads(value: string): boolean {
  return /^(\([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]\))*$/i.test(value);
}

/** Whether the kernel takes the list; otherwise pciback does not register at all, and nothing is hidden. */
export function kernelReads(value: string): boolean {
  return parseHideList(value) !== undefined;
}

function kernelArguments(lines: readonly string[]): readonly string[] {
  const loaded = lines.filter((line) => /^(multiboot2|module2|linux|xen_hypervisor|xen_module)\b/.test(line));
  const plain = loaded.find((line) => line.startsWith("linux"));
  const tboot = loaded[0]?.includes("tboot") ? 1 : 0;
  const [, , ...args] = (plain ?? loaded[1 + tboot] ?? "").match(ARGUMENT) ?? [];
  return args;
}
