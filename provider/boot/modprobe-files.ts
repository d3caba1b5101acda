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

export type HideOptions =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly option: HideOption }
  | { readonly kind: "unusable"; readonly reason: string };

const OPTION = /^[ \t]*options[ \t]+xen[-_]pciback[ \t](?:.*[ \t])?hide=(\S*)/gm;

/** Finds the `hide=` option among the files that modprobe reads. Several are unusable: the module takes the last one alone. */
export function findHideOption(files: readonly TextFile[]): HideOptions {
  const options = files.flatMap((file) =>
    [...file.text.matchAll(OPTION)].map((match) => {
      const end = match.index + match[0].length;
      return { file, start: end - (match[1] ?? "").length, end };
    }),
  );
  const [option, second] = options;
  if (!option) return { kind: "none" };
  if (second) {
    const places = options.map((one) => one.file.path).join(" and ");
    return {
      kind: "unusable",
      reason: `"options xen-pciback hide=" stands in ${places}, and the module heeds only one. Join them into one`,
    };
  }
  if (!parseHideList(hideValue(option))) {
    return {
      kind: "unusable",
      reason: `${option.file.path} has hide=${hideValue(option)}, which the kernel does not accept: with it the module does not load, and nothing is hidden. Mend it first`,
    };
  }
  return { kind: "one", option };
}

/** Whether the functions's hiding is configured, by us or by somebody else's entry. */
export function isHiddenByModprobe(files: readonly TextFile[], address: PciAddress): boolean {
  const found = findHideOption(files);
  if (found.kind !== "one") return false;
  return (parseHideList(hideValue(found.option)) ?? []).some((entry) => hides(entry, address));
}

export interface TextEdit {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Adds a function to the hide option, and makes the module of its own driver wait for xen-pciback. */
export function hideByModprobe(files: readonly TextFile[], address: PciAddress, module: string): readonly TextEdit[] {
  const found = findHideOption(files);
  const edits = new Edits(files);
  if (found.kind === "one")
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
  if (found.kind === "one") {
    const value = removeFromHideList(hideValue(found.option), address).text;
    const ours = found.option.file.target === HIDE_FILE;
    edits.change(found.option.file.target, (text) =>
      ours && value === ""
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
