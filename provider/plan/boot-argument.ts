import { readGrubConfig } from "../boot/grub-config";
import { hasArgument, withArgument, withoutArgument } from "../boot/kernel-command-line";
import { defaultEntry, readXenMenu } from "../boot/xen-menu";
import type { BootArgument, EntryOf } from "../claims/claim-entry";
import type { HostFacts } from "../facts/host-facts";
import { bootFileEdit } from "./boot-file-edit";
import { type BootArgumentsEdit, bootLines, editBootArguments, futureBootLine } from "./boot-lines";
import { NOTHING, type Part, part, refuse } from "./part";

/** Whether each boot from now on has the argument: all entries of the boot loader but those for recovery, and those to come. */
export function hasBootArgument(facts: HostFacts, { line, text }: BootArgument): boolean {
  const menu = xenServerMenu(facts);
  const lines = menu ? defaultLine(menu.text) : bootLines(facts, line);
  const future = menu ? undefined : futureBootLine(facts, line);
  return lines.length > 0 && [...lines, future ?? text].every((arguments_) => hasArgument(arguments_, text));
}

/** Adds the argument to each boot from now on; its entries name the files that hold it. */
export function addBootArgument(facts: HostFacts, key: string, argument: BootArgument): Part {
  if (hasBootArgument(facts, argument)) return NOTHING;
  const menu = xenServerMenu(facts);
  if (menu) return xenServerEdit(menu.target, argument, "add");
  const change = { name: argument.name, edit: withArgument(argument.text) };
  return editOf(facts, key, editBootArguments(facts, argument.line, change, "add"), argument, "keep");
}

/** Takes the argument out again; nothing where somebody else has done that. */
export function removeBootArgument(facts: HostFacts, key: string, argument: BootArgument): Part {
  const menu = xenServerMenu(facts);
  if (menu) return hasBootArgument(facts, argument) ? xenServerEdit(menu.target, argument, "remove") : NOTHING;
  const change = { name: argument.name, edit: withoutArgument(argument.text) };
  return editOf(facts, key, editBootArguments(facts, argument.line, change, "remove"), argument, "forget");
}

function editOf(
  facts: HostFacts,
  key: string,
  edit: BootArgumentsEdit,
  argument: BootArgument,
  when: "keep" | "forget",
): Part {
  if (edit.kind === "error") return refuse(edit.reason);
  // Taken out by somebody else already: nothing has to follow.
  if (when === "forget" && edit.edits.length === 0) return NOTHING;
  return part({
    steps: edit.edits.map((change) => bootFileEdit(facts, key, change, [], when)),
    regenerate: edit.regenerate,
    entries: edit.edits.map(({ path }) => entryIn(path, argument)),
    effects: [
      ...edit.edits.map(({ path }) => `${path} gets ${argument.text}`),
      ...edit.regenerate.flatMap((made) => (made.what === "grub-config" ? [`${made.path} is made anew`] : [])),
    ],
  });
}

function entryIn(path: string, { line, name, text }: BootArgument): EntryOf<"boot-argument"> {
  return { kind: "boot-argument", path, undo: { line, name, text } };
}

/** XenServer's own grub.cfg, which its xen-cmdline edits: no grub-mkconfig makes it. */
function xenServerMenu({ xenCmdline }: HostFacts) {
  return xenCmdline?.file;
}

/** xen-cmdline edits the entry alone that boots by itself. */
function defaultLine(text: string): readonly string[] {
  const title = defaultEntry(readXenMenu(text))?.title;
  return readGrubConfig(text).flatMap((entry) => (entry.title === title ? [entry.lines.xen ?? ""] : []));
}

function xenServerEdit(path: string, argument: BootArgument, how: "add" | "remove"): Part {
  const { name, text } = argument;
  const [before, after] = how === "add" ? [undefined, text] : [text, undefined];
  return part({
    steps: [{ kind: "set-xen-argument", path, name, before, after }],
    entries: [entryIn(path, argument)],
    effects: [how === "add" ? `${path} gets ${text}` : `${text} is taken out of ${path}`],
  });
}
