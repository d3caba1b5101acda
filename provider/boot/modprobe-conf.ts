/**
 * /etc/modprobe.conf of module-init-tools 3.3, which knows no softdep: `options pciback hide=(…)`, and an `install`
 * line that loads pciback before a device's own module (Red Hat Enterprise Linux 5, Virtualization Guide, 15.5).
 */
import type { PciAddress } from "../pci/address";
import { addToHideList, type HideList, parseHideList, removeFromHideList } from "../pci/hide-list";

interface HideOption {
  /** Where the value of `hide=` stands. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
  /** Undefined when pciback does not accept it, and then does not load. */
  readonly list: HideList | undefined;
}

const OPTION = /^[ \t]*options[ \t]+pciback[ \t](?:.*[ \t])?hide=(\S*)/gm;

/** The `hide=` options for pciback; the last one counts. */
export function hideOptions(text: string): readonly HideOption[] {
  return [...text.matchAll(OPTION)].map((match) => {
    const value = match[1] ?? "";
    const end = match.index + match[0].length;
    return { start: end - value.length, end, value, list: parseHideList(value) };
  });
}

/** What the file does when the module is asked for, unless it loads pciback first. */
export function otherInstallLine(text: string, module: string): string | undefined {
  const line = installLine(text, module);
  return line?.includes("pciback") ? undefined : line;
}

/**
 * Adds a function, and makes the module of its own driver wait for pciback. Throws PassthroughError for a list that
 * pciback rejects.
 */
export function addToModprobeConf(text: string, address: PciAddress, module: string): string {
  const option = hideOptions(text).at(-1);
  const withOption = option
    ? text.slice(0, option.start) + addToHideList(option.value, address) + text.slice(option.end)
    : addLine(text, `options pciback hide=${addToHideList("", address)}\n`);
  return installLine(withOption, module) === undefined ? addLine(withOption, ourInstallLine(module)) : withOption;
}

/**
 * Takes a function out again; with the last one of a line of ours that line, and the install line of a module that
 * nobody needs any more.
 */
export function removeFromModprobeConf(
  text: string,
  address: PciAddress,
  unneeded: { readonly module: string | undefined; readonly option: boolean },
): string {
  const option = hideOptions(text).at(-1);
  const value = option?.list ? removeFromHideList(option.value, address).text : "";
  let left = option?.list ? text.slice(0, option.start) + value + text.slice(option.end) : text;
  if (value === "" && unneeded.option) left = dropLine(left, "options pciback hide=\n");
  return unneeded.module === undefined ? left : dropLine(left, ourInstallLine(unneeded.module));
}

function ourInstallLine(module: string): string {
  return `install ${module} /sbin/modprobe pciback; /sbin/modprobe --first-time --ignore-install ${module}\n`;
}

function installLine(text: string, module: string): string | undefined {
  const name = module.replaceAll(/[-_]/g, "[-_]");
  return new RegExp(`^[ \\t]*install[ \\t]+${name}[ \\t].*$`, "m").exec(text)?.[0];
}

/** In front of a last line without a newline, so that this one stays as it is. */
function addLine(text: string, line: string): string {
  const end = text.lastIndexOf("\n") + 1;
  return text.slice(0, end) + line + text.slice(end);
}

function dropLine(text: string, line: string): string {
  const start = `\n${text}`.lastIndexOf(`\n${line}`);
  return start < 0 ? text : text.slice(0, start) + text.slice(start + line.length);
}
