/**
 * Boot loader entries, /boot/loader/entries/*.conf, each one kernel (UAPI.1 Boot Loader Specification; Fedora's GRUB
 * command blscfg). RHEL 8 keeps the arguments of all of them in one variable of grubenv, kernelopts, which the entries
 * name.
 */
import { type BootEdit, editError } from "./boot-edit";
import { readEnvironmentBlock, withVariable } from "./environment-block";
import { findArguments } from "./kernel-command-line";
import type { ArgumentEdit, FilesEdit, NamedText } from "./kernel-line";
import { editRanges, isRecovery } from "./legacy-grub";

/** The files that editLoaderEntries reads. `grubenv`: GRUB's environment block, where the host has one. */
export interface LoaderEntries {
  readonly entries: readonly NamedText[];
  readonly grubenv: NamedText | undefined;
}

/** Edits the arguments of every entry for a kernel that is not for rescue, where these keep them. */
export function editLoaderEntries({ entries, grubenv }: LoaderEntries, change: ArgumentEdit): FilesEdit {
  const texts = new Map<string, string>();
  const normal = entries.filter(isNormal);
  if (normal.length === 0)
    return { kind: "error", reason: "there is no boot loader entry for a kernel except the one for rescue" };
  if (normal.some(usesKernelopts)) {
    const value = grubenv && readEnvironmentBlock(grubenv.text)?.get("kernelopts");
    if (!grubenv || value === undefined) {
      return {
        kind: "error",
        reason: `${normal.find(usesKernelopts)?.path} takes its arguments from kernelopts, and ${grubenv?.path ?? "grubenv, which is missing,"} does not have it. Create it by grub2-mkconfig -o and the grub.cfg of this host`,
      };
    }
    const edit = change.edit(value, `${grubenv.path} kernelopts`);
    const block = edit.kind === "edited" ? withVariable(grubenv.text, "kernelopts", edit.text) : edit;
    if (block.kind === "error") return { kind: "error", reason: `${grubenv.path}: ${block.reason}` };
    if (block.text !== grubenv.text) texts.set(grubenv.path, block.text);
  }
  for (const entry of normal.filter((entry) => !usesKernelopts(entry))) {
    const edit = editEntry(entry, change);
    if (edit.kind === "error") return { kind: "error", reason: `${entry.path}: ${edit.reason}` };
    if (edit.text !== entry.text) texts.set(entry.path, edit.text);
  }
  return { kind: "edited", texts };
}

/** The command line of each entry for a kernel that is not for rescue. */
export function loaderEntryLines({ entries, grubenv }: LoaderEntries): readonly string[] {
  const variables = grubenv ? readEnvironmentBlock(grubenv.text) : undefined;
  return entries.filter(isNormal).map((entry) =>
    optionsOf(entry.text)
      .map(({ start, end }) => entry.text.slice(start, end))
      .join(" ")
      .replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => variables?.get(name) ?? ""),
  );
}

function editEntry({ path, text }: NamedText, change: ArgumentEdit): BootEdit {
  if (text.includes("\r"))
    return editError(`it has lines that end in a carriage return. Remove them: "sed -i 's/\\r$//' ${path}"`);
  const lines = optionsOf(text);
  const last = lines.at(-1);
  if (!last) return editError("it has no line of options");
  const there = lines.filter(({ start, end }) => findArguments(text.slice(start, end), change.name).length > 0);
  const places = (there.length > 0 ? there : [last]).map((range) => ({ ...range, place: path }));
  return editRanges(text, places, change);
}

function optionsOf(text: string): readonly { start: number; end: number }[] {
  return [...text.matchAll(/^options[ \t]+(.*)$/gm)].map((match) => {
    const end = match.index + match[0].length;
    return { start: end - (match[1] ?? "").length, end };
  });
}

function usesKernelopts({ text }: NamedText): boolean {
  return /^options[ \t]+(?:.*[ \t])?\$\{?kernelopts\b/m.test(text);
}

/** Whether the entry boots a kernel, and not for rescue: others are for programs of the firmware, as a memory test is. */
function isNormal({ path, text }: NamedText): boolean {
  const isRescue = /-0-rescue\b/.test(path) || isRecovery(/^title[ \t]+(.*)$/m.exec(text)?.[1] ?? "");
  return /^linux[ \t]/m.test(text) && !isRescue;
}
