import type { PciAddress } from "../pci/address";
import { addToHideList, hides, parseHideList, removeFromHideList } from "../pci/hide-list";
import type { TextFile } from "./text-file";

/** Our own file; its name sorts anywhere, since the kernel takes options from all files together. */
export const HIDE_FILE = "/etc/modprobe.d/pulumi-pci-passthrough.conf";

const HEADER = "# Devices that xen-pciback takes at boot, before their own drivers (pulumi-pci-passthrough).\n";

/** The one place that says which functions `xen-pciback` hides when it is loaded as a module. */
export interface HideOption {
  readonly file: TextFile;
  /** Where the value of `hide=` stands in the file's text. */
  readonly start: number;
  readonly end: number;
}

/** What the files of modprobe.d say about hiding; an error says why it cannot be edited and what to do. */
export type HideOptions =
  | { readonly kind: "none" }
  | { readonly kind: "option"; readonly option: HideOption }
  | { readonly kind: "error"; readonly reason: string };

const OPTION = /^[ \t]*options[ \t]+xen[-_]pciback[ \t](?:.*[ \t])?"?hide=("?)(\S*?)\1(?=\s|$)/;

/**
 * The `hide=` option among the files that modprobe reads. An error when it cannot be edited: there are several, of
 * which the module heeds only the last; it goes on over several lines; or the kernel rejects its value.
 */
export function findHideOption(files: readonly TextFile[]): HideOptions {
  const options = files.flatMap(hideOptionsIn);
  const [option, second] = options;
  if (!option) return { kind: "none" };
  if (second) {
    const places = options.map(({ file }) => file.path).join(" and ");
    return {
      kind: "error",
      reason: `"options xen-pciback hide=" is in ${places}, and the module uses only one. Merge them into one line`,
    };
  }
  if (option.continued) {
    return {
      kind: "error",
      reason: `"options xen-pciback hide=" of ${option.file.path} continues on the next line after a backslash. Write it on a single line`,
    };
  }
  // Quotation marks around the value are the kernel's (linux, lib/cmdline.c, next_arg).
  if (!parseHideList(hideValue(option))) {
    return {
      kind: "error",
      reason: `${option.file.path} has hide=${hideValue(option)}, which the kernel does not accept: with it the module does not load, and nothing is hidden. Fix it first`,
    };
  }
  return { kind: "option", option };
}

/** A backslash before a newline joins two lines, comments too (kmod 31, libkmod/libkmod-util.c, freadline_wrapped). */
function hideOptionsIn(file: TextFile): readonly (HideOption & { readonly continued: boolean })[] {
  return [...file.text.matchAll(/(?:\\[\s\S]|[^\\\n])+\\?/g)].flatMap((line) => {
    const joined = line[0].replaceAll("\\\n", "");
    const match = OPTION.exec(joined);
    if (!match) return [];
    const [whole, quote = "", value = ""] = match;
    const end = line.index + whole.length - quote.length;
    return [{ file, start: end - value.length, end, continued: joined !== line[0] }];
  });
}

/** Whether the function is hidden, by us or by somebody else's entry. */
export function isHiddenByModprobe(files: readonly TextFile[], address: PciAddress): boolean {
  const found = findHideOption(files);
  if (found.kind !== "option") return false;
  return (parseHideList(hideValue(found.option)) ?? []).some((entry) => hides(entry, address));
}

/** An edit of a file by its path; an undefined text is no file. */
export interface TextEdit {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Adds a function to the hide option, and makes the module of its own driver wait for xen-pciback. */
export function hideByModprobe(files: readonly TextFile[], address: PciAddress, module: string): readonly TextEdit[] {
  const found = findHideOption(files);
  const edits = new Edits(files);
  if (found.kind === "option")
    edits.change(found.option.file.target, (text) =>
      replaceValue(text, found.option, addToHideList(hideValue(found.option), address)),
    );
  else edits.change(HIDE_FILE, (text) => `${text || HEADER}options xen-pciback hide=${addToHideList("", address)}\n`);
  if (!files.some((file) => softdepPattern(module).test(file.text))) {
    edits.change(HIDE_FILE, (text) => `${text || HEADER}softdep ${module} pre: xen-pciback\n`);
  }
  return edits.all();
}

/** Takes a function out of the hide option; the softdep goes when no hidden function needs it any more. */
export function unhideByModprobe(
  files: readonly TextFile[],
  address: PciAddress,
  unneededModule: string | undefined,
): readonly TextEdit[] {
  const found = findHideOption(files);
  const edits = new Edits(files);
  if (found.kind === "option") {
    const value = removeFromHideList(hideValue(found.option), address).text;
    const isOurFile = found.option.file.target === HIDE_FILE;
    edits.change(found.option.file.target, (text) =>
      isOurFile && value === ""
        ? text.replace(/^options xen-pciback hide=.*\n/m, "")
        : replaceValue(text, found.option, value),
    );
  }
  if (unneededModule !== undefined) {
    edits.change(HIDE_FILE, (text) => text.replace(`softdep ${unneededModule} pre: xen-pciback\n`, ""));
  }
  edits.change(HIDE_FILE, (text) => (text === HEADER ? "" : text));
  return edits.all();
}

/** Texts in the making; a file that ends empty and is our own goes altogether. */
class Edits {
  private readonly texts = new Map<string, string>();

  constructor(private readonly files: readonly TextFile[]) {}

  change(path: string, edit: (text: string) => string): void {
    this.texts.set(path, edit(this.texts.get(path) ?? this.before(path) ?? ""));
  }

  all(): readonly TextEdit[] {
    return [...this.texts]
      .map(([path, text]) => {
        const gone = path === HIDE_FILE && text === "";
        return { path, before: this.before(path), after: gone ? undefined : text };
      })
      .filter((edit) => edit.before !== edit.after);
  }

  private before(path: string): string | undefined {
    return this.files.find((file) => file.target === path)?.text;
  }
}

function hideValue(option: HideOption): string {
  return option.file.text.slice(option.start, option.end);
}

function replaceValue(text: string, option: HideOption, value: string): string {
  return text.slice(0, option.start) + value + text.slice(option.end);
}

function softdepPattern(module: string): RegExp {
  const name = module.replaceAll(/[-_]/g, "[-_]");
  return new RegExp(`^[ \\t]*softdep[ \\t]+${name}[ \\t]+pre:.*\\bxen[-_]pciback\\b`, "m");
}
