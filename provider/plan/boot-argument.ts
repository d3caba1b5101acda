import { readGrubConfig } from "../boot/grub-config";
import { hasArgument, withArgument, withoutArgument } from "../boot/kernel-command-line";
import type { ArgumentEdit } from "../boot/kernel-line";
import { defaultEntry, readXenMenu } from "../boot/xen-menu";
import { type BootArgument, type EntryOf, entriesOf } from "../claims/claim-entry";
import type { HostFacts } from "../facts/host-facts";
import { keptPlaces, sparing } from "./argument-places";
import { bootFileEdit } from "./boot-file-edit";
import { type BootArgumentsEdit, bootLines, editBootArguments, futureBootLine } from "./boot-lines";
import { allEntries } from "./claim";
import { neither } from "./effect";
import { NOTHING, type Part, part, refuse } from "./part";
import { type XenServerMenu, xenServerMenu } from "./xen-server-menu";

/**
 * Whether every future boot has the argument: all boot loader entries except those for recovery, and entries yet to be
 * created.
 */
export function hasBootArgument(facts: HostFacts, { line, text }: BootArgument): boolean {
  const menu = facts.xenCmdline?.file;
  const lines = menu ? defaultLine(menu.text) : bootLines(facts, line);
  const future = menu ? undefined : futureBootLine(facts, line);
  return lines.length > 0 && [...lines, future ?? text].every((arguments_) => hasArgument(arguments_, text));
}

/**
 * Adds the argument to every future boot. The part's entries name the files that hold it; it refuses if a
 * file cannot be edited.
 */
export function addBootArgument(facts: HostFacts, key: string, argument: BootArgument): Part {
  if (hasBootArgument(facts, argument)) return NOTHING;
  const menu = xenServerMenu(facts);
  if (menu) return xenServerEdit(menu, argument, "add");
  const change = { name: argument.name, edit: withArgument(argument.text) };
  return editOf(facts, key, editBootArguments(facts, argument.line, change, "add"), argument, "keep");
}

/**
 * Removes the argument again, but for the places that had it before. Does nothing if it is gone already; it refuses if
 * a file cannot be edited.
 */
export function removeBootArgument(facts: HostFacts, key: string, argument: BootArgument): Part {
  const menu = xenServerMenu(facts);
  if (menu) return hasBootArgument(facts, argument) ? xenServerEdit(menu, argument, "remove") : NOTHING;
  const change = sparing(removalOf(argument), undosOf(facts, argument));
  return editOf(facts, key, editBootArguments(facts, argument.line, change, "remove"), argument, "forget");
}

type Undo = EntryOf<"boot-argument">["undo"];

function removalOf({ name, text }: BootArgument): ArgumentEdit {
  return { name, edit: withoutArgument(text) };
}

function editOf(
  facts: HostFacts,
  key: string,
  edit: BootArgumentsEdit,
  argument: BootArgument,
  when: "keep" | "forget",
): Part {
  if (edit.kind === "error") return refuse(edit.reason);
  // Already removed by somebody else, so nothing has to be rebuilt.
  if (when === "forget" && edit.edits.length === 0) return NOTHING;
  const kept = keptPlaces(facts, argument.line, removalOf(argument), undosOf(facts, argument));
  const undo: Undo = { ...argument, ...kept };
  return part({
    steps: edit.edits.map((change) => bootFileEdit(facts, key, change, [], when)),
    regenerate: edit.regenerate,
    entries: edit.edits.map(({ path }) => ({ kind: "boot-argument", path, undo })),
    effects: [
      ...edit.edits.map(({ path }) => `${path} gets ${argument.text}`),
      ...edit.regenerate.flatMap((made) => (made.what === "grub-config" ? [`${made.path} is rebuilt`] : [])),
      ...(edit.regenerate.some(({ what }) => what === "proxmox-boot")
        ? ["proxmox-boot-tool writes the boot entries"]
        : []),
    ].map(neither),
  });
}

/** The undos of what claims have of this argument. */
function undosOf(facts: HostFacts, { line, text }: BootArgument): readonly Undo[] {
  return entriesOf(allEntries(facts), "boot-argument").flatMap(({ undo }) =>
    undo.line === line && undo.text === text ? [undo] : [],
  );
}

/** xen-cmdline edits only the default entry. */
function defaultLine(text: string): readonly string[] {
  const title = defaultEntry(readXenMenu(text))?.title;
  return readGrubConfig(text).flatMap((entry) => (entry.title === title ? [entry.lines.xen ?? ""] : []));
}

function xenServerEdit(menu: XenServerMenu, argument: BootArgument, how: "add" | "remove"): Part {
  if (menu.kind === "unusable") return refuse(menu.reason);
  const { path } = menu;
  const { name, text } = argument;
  const [before, after] = how === "add" ? [undefined, text] : [text, undefined];
  return part({
    steps: [{ kind: "set-xen-argument", path, name, before, after }],
    entries: [{ kind: "boot-argument", path, undo: argument }],
    effects: [neither(how === "add" ? `${path} gets ${text}` : `${text} is removed from ${path}`)],
  });
}
