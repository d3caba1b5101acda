/**
 * Edits of an xl config file that leave every other byte as it is. What an edit adds besides an entry is recorded in
 * its `additions`. Passed on from edit to edit of a file, in any order, they let the last removal restore the file byte
 * for byte. Without them a removal is still correct, and at worst leaves an empty `pci = [ ]`.
 *
 * Every edit takes the text of the file (Latin-1), the additions of earlier edits, and the language of the file; it
 * never throws.
 */
import type { PciAddress } from "../pci/address";
import { formatSpecString, namesFunction, type PciSpec } from "./spec-string";
import { type PciEntry, parseXlConfig, pciEntries } from "./xl-config";
import { type ConfigLanguage, XL_LANGUAGE } from "./xl-config-language";
import { applyChanges, insertLast, removeElement, type XlChange } from "./xl-config-list";
import type { XlAssignment, XlElement, XlList, XlSyntax } from "./xl-config-syntax";
import { quoteXl, type XlConfigError, xlConfigError } from "./xl-config-tokens";

/** What earlier edits added to a file besides entries of `pci`. Claims hold it as JSON. */
export interface XlAdditions {
  /** Whether we added the assignment `pci = [ … ]` itself. */
  readonly pci: boolean;
  /**
   * The value that we gave `passthrough`, and the value it replaced, in its own spelling; without `instead` the line is
   * ours.
   */
  readonly passthrough?: { readonly value: string; readonly instead?: string };
  /** Whether we added a newline after what was the last line of the file. */
  readonly newline: boolean;
}

/** The additions of a file that has not been edited. */
export const NO_ADDITIONS: XlAdditions = { pci: false, newline: false };

/** The new text and the additions in it, or why the file cannot be edited. */
export type XlEdit =
  | { readonly kind: "edited"; readonly text: string; readonly additions: XlAdditions }
  | XlConfigError;

/** Adds an entry after the others. Unchanged when an entry already names the function: use replacePciEntry for that. */
export function addPciEntry(
  text: string,
  spec: PciSpec,
  additions = NO_ADDITIONS,
  language: ConfigLanguage = XL_LANGUAGE,
): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  const { device } = spec;
  if (device.kind === "function" && pciEntries(syntax).some((entry) => namesFunction(entry.spec, device.address))) {
    return edited(text, additions, language);
  }
  const lists = pciLists(syntax);
  const nested = lists.flatMap((list) => list.elements).find((element) => element.value.kind === "list");
  if (nested) {
    return xlConfigError(
      text,
      nested.value.start,
      "xl ignores all of `pci` from this nested list on; remove the nested list",
    );
  }
  const last = lists.at(-1);
  const specString = formatSpecString(spec);
  if (last) return edited(applyChanges(text, insertLast(text, last, specString)), additions, language);
  return append(text, `pci = [ ${quoteXl(specString, "'")} ]`, { ...additions, pci: true }, language);
}

/** Removes every entry that names exactly this function; entries with a `*` or a name stay. */
export function removePciEntry(
  text: string,
  address: PciAddress,
  additions = NO_ADDITIONS,
  language: ConfigLanguage = XL_LANGUAGE,
): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  const entry = pciEntries(syntax).find(({ spec }) => namesFunction(spec, address));
  if (!entry) return additions.pci ? withoutEmptyList(text, additions, language) : edited(text, additions, language);
  const { list, element } = listWith(syntax, entry);
  return removePciEntry(applyChanges(text, removeElement(text, list, element)), address, additions, language);
}

/** Replaces every entry that names exactly this function with another spec, keeping its place and its quotes. */
export function replacePciEntry(
  text: string,
  address: PciAddress,
  spec: PciSpec,
  additions = NO_ADDITIONS,
  language: ConfigLanguage = XL_LANGUAGE,
): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  const entries = pciEntries(syntax).filter((entry) => namesFunction(entry.spec, address));
  const changes = entries.map((entry) => replaceValue(text, entry, formatSpecString(spec)));
  return edited(applyChanges(text, changes), additions, language);
}

/** Sets `passthrough` (xl 4.13 and later): replaces its value, or adds a line at the end of the file. */
export function setPassthrough(
  text: string,
  value: string,
  additions = NO_ADDITIONS,
  language: ConfigLanguage = XL_LANGUAGE,
): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  const current = soleText(syntax, "passthrough");
  if (!current)
    return append(text, `passthrough = ${quoteXl(value, '"')}`, { ...additions, passthrough: { value } }, language);
  if (current.text === value) return edited(text, additions, language);
  const { instead } = additions.passthrough ?? { instead: text.slice(current.start, current.end) };
  const passthrough = instead === undefined ? { value } : { value, instead };
  return edited(applyChanges(text, [replaceValue(text, current, value)]), { ...additions, passthrough }, language);
}

/** Undoes setPassthrough; a value that we did not set, or that somebody changed since, stays. */
export function restorePassthrough(
  text: string,
  additions: XlAdditions,
  language: ConfigLanguage = XL_LANGUAGE,
): XlEdit {
  const { passthrough: added, ...others } = additions;
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  if (!added) return edited(text, additions, language);
  const current = soleText(syntax, "passthrough");
  if (current?.text !== added.value) return edited(text, others, language);
  if (added.instead === undefined) return withoutLine(text, current.assignment, others, language);
  return edited(
    applyChanges(text, [{ start: current.start, end: current.end, text: added.instead }]),
    others,
    language,
  );
}

/**
 * Drops the `pci = [ ]` that we added once it is empty, unless somebody wrote into it or it overrides an earlier `pci`.
 */
function withoutEmptyList(text: string, additions: XlAdditions, language: ConfigLanguage): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  const added = syntax.settings.get("pci")?.parts[0];
  const dropped = { ...additions, pci: false };
  if (added?.value.kind !== "list") return edited(text, dropped, language);
  if (added.value.elements.length > 0) return edited(text, additions, language);
  if (text.slice(added.value.start + 1, added.value.end - 1).trim() !== "") return edited(text, dropped, language);
  const without = withoutLine(text, added, dropped, language);
  const config = without.kind === "error" ? without : parseXlConfig(without.text, language);
  const sameDevices = config.kind === "config" && config.pci.length === pciEntries(syntax).length;
  return sameDevices ? without : edited(text, dropped, language);
}

/** Removes an assignment that we added; with the last of them also the newline that the first of them needed. */
function withoutLine(text: string, assignment: XlAssignment, additions: XlAdditions, language: ConfigLanguage): XlEdit {
  const change = removal(text, assignment);
  const without = applyChanges(text, [change]);
  const bare = without.slice(0, -1);
  const dropsNewline = additions.newline && !hasLine(additions) && change.end === text.length && without.endsWith("\n");
  // A comment that somebody has since put on that line needs its newline.
  return edited(dropsNewline && language.parse(bare).kind === "syntax" ? bare : without, additions, language);
}

/** Whether we added a whole line to the file. */
function hasLine({ pci, passthrough }: XlAdditions): boolean {
  return pci || (passthrough !== undefined && passthrough.instead === undefined);
}

function append(text: string, line: string, additions: XlAdditions, language: ConfigLanguage): XlEdit {
  const newline = text !== "" && !text.endsWith("\n");
  const start = newline ? `${text}\n` : text;
  return edited(`${start}${line}\n`, { ...additions, newline: additions.newline || newline }, language);
}

/** Parses the result: an edit that would make the file unreadable is refused. */
function edited(text: string, additions: XlAdditions, language: ConfigLanguage): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  return { kind: "edited", text, additions: { ...additions, newline: additions.newline && hasLine(additions) } };
}

/** The removal of an assignment with what ends it, or of its whole line when nothing else is on it. */
function removal(text: string, { start, end }: XlAssignment): XlChange {
  const line = text.lastIndexOf("\n", start - 1) + 1;
  const tail = /[ \t]*(;[ \t]*)?(\n)?/y;
  tail.lastIndex = end;
  const [all = "", , newline] = tail.exec(text) ?? [];
  const alone = text.slice(line, start).trim() === "" && (newline !== undefined || end + all.length === text.length);
  return { start: alone ? line : start, end: end + all.length - (alone ? 0 : (newline?.length ?? 0)), text: "" };
}

function pciLists(syntax: XlSyntax): readonly XlList[] {
  return (syntax.settings.get("pci")?.parts ?? []).flatMap(({ value }) => (value.kind === "list" ? [value] : []));
}

function listWith(syntax: XlSyntax, entry: PciEntry): { readonly list: XlList; readonly element: XlElement } {
  for (const list of pciLists(syntax)) {
    const element = list.elements.find(({ value }) => value.start === entry.start);
    if (element) return { list, element };
  }
  throw new RangeError(`no list of \`pci' holds offset ${entry.start}`);
}

/** The assignment and value of a name whose value is a single string. */
function soleText(syntax: XlSyntax, name: string) {
  const parts = syntax.settings.get(name)?.parts ?? [];
  const [assignment] = parts;
  if (!assignment || parts.length > 1 || assignment.value.kind === "list") return undefined;
  const { start, end, text } = assignment.value;
  return { assignment, start, end, text };
}

function replaceValue(text: string, { start, end }: { start: number; end: number }, value: string): XlChange {
  return { start, end, text: quoteXl(value, text[start] === '"' ? '"' : "'") };
}
