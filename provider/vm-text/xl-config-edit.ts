/**
 * Edits of an xl config file that leave every other byte as it is.
 * What an edit adds besides an entry is in its `additions`: handed on from edit to edit of one file, in whatever order, they let the
 * last removal give back the file as it was. Without them a removal is right all the same, and leaves an empty `pci = [ ]` at most.
 */
import type { PciAddress } from "../pci/address";
import { formatSpecString, namesFunction, type PciSpec } from "./spec-string";
import { type PciEntry, parseXlConfig, pciEntries } from "./xl-config";
import { type ConfigLanguage, XL_LANGUAGE } from "./xl-config-language";
import { applyChanges, insertLast, removeElement, type XlChange } from "./xl-config-list";
import type { XlAssignment, XlElement, XlList, XlSyntax } from "./xl-config-syntax";
import { quoteXl, type XlConfigError, xlConfigError } from "./xl-config-tokens";

/** What of one file is ours besides entries of `pci`. Plain JSON. */
export interface XlAdditions {
  /** The assignment `pci = [ … ]` as such. */
  readonly pci: boolean;
  /** The value that we gave to `passthrough`, and the user's value token that it stands in for. */
  readonly passthrough?: { readonly value: string; readonly instead?: string };
  /** The newline behind what was the last line of the file. */
  readonly newline: boolean;
}

export const NO_ADDITIONS: XlAdditions = { pci: false, newline: false };

/** The new text, or why the file cannot be edited. */
export type XlEdit =
  | { readonly kind: "edited"; readonly text: string; readonly additions: XlAdditions }
  | XlConfigError;

/** Adds an entry behind those that there are. A function that an entry names already stays as it is: replace that. */
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
      "xl heeds nothing of `pci` from this list within it on; take it out",
    );
  }
  const last = lists.at(-1);
  const word = formatSpecString(spec);
  if (last) return edited(applyChanges(text, insertLast(text, last, word)), additions, language);
  return append(text, `pci = [ ${quoteXl(word, "'")} ]`, { ...additions, pci: true }, language);
}

/** Takes out every entry that names exactly this function: no `*`, no name. */
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
  const { list, element } = placeOf(syntax, entry);
  return removePciEntry(applyChanges(text, removeElement(text, list, element)), address, additions, language);
}

/** Writes another spec in the place of every entry that names exactly this function. */
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

/** Sets `passthrough` (xl 4.13 and later): the value that there is gives way, and without one a line is added at the end. */
export function setPassthrough(
  text: string,
  value: string,
  additions = NO_ADDITIONS,
  language: ConfigLanguage = XL_LANGUAGE,
): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  const current = onlyText(syntax, "passthrough");
  if (!current)
    return append(text, `passthrough = ${quoteXl(value, '"')}`, { ...additions, passthrough: { value } }, language);
  if (current.text === value) return edited(text, additions, language);
  const { instead } = additions.passthrough ?? { instead: text.slice(current.start, current.end) };
  const passthrough = instead === undefined ? { value } : { value, instead };
  return edited(applyChanges(text, [replaceValue(text, current, value)]), { ...additions, passthrough }, language);
}

/** Takes back what setPassthrough did; a value that is not ours, or not any more, stays. */
export function restorePassthrough(
  text: string,
  additions: XlAdditions,
  language: ConfigLanguage = XL_LANGUAGE,
): XlEdit {
  const { passthrough: ours, ...others } = additions;
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  if (!ours) return edited(text, additions, language);
  const current = onlyText(syntax, "passthrough");
  if (current?.text !== ours.value) return edited(text, others, language);
  if (ours.instead === undefined) return withoutLine(text, current.assignment, others, language);
  return edited(applyChanges(text, [{ start: current.start, end: current.end, text: ours.instead }]), others, language);
}

/** Drops our own `pci = [ ]` when nothing is left in it, unless somebody else wrote into it or it hides an older `pci`. */
function withoutEmptyList(text: string, additions: XlAdditions, language: ConfigLanguage): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  const ours = syntax.settings.get("pci")?.parts[0];
  const dropped = { ...additions, pci: false };
  if (ours?.value.kind !== "list") return edited(text, dropped, language);
  if (ours.value.elements.length > 0) return edited(text, additions, language);
  if (text.slice(ours.value.start + 1, ours.value.end - 1).trim() !== "") return edited(text, dropped, language);
  const without = withoutLine(text, ours, dropped, language);
  const config = without.kind === "error" ? without : parseXlConfig(without.text, language);
  const sameDevices = config.kind === "config" && config.pci.length === pciEntries(syntax).length;
  return sameDevices ? without : edited(text, dropped, language);
}

/** Takes out an assignment of ours, and with the last of them the newline that the first one needed. */
function withoutLine(text: string, assignment: XlAssignment, additions: XlAdditions, language: ConfigLanguage): XlEdit {
  const change = statement(text, assignment);
  const without = applyChanges(text, [change]);
  const bare = without.slice(0, -1);
  const newlineIsOurs =
    additions.newline && !hasLine(additions) && change.end === text.length && without.endsWith("\n");
  // A comment that somebody wrote on that line meanwhile needs its newline.
  return edited(newlineIsOurs && language.parse(bare).kind === "syntax" ? bare : without, additions, language);
}

/** Whether a whole line of the file is ours. */
function hasLine({ pci, passthrough }: XlAdditions): boolean {
  return pci || (passthrough !== undefined && passthrough.instead === undefined);
}

function append(text: string, line: string, additions: XlAdditions, language: ConfigLanguage): XlEdit {
  const newline = text !== "" && !text.endsWith("\n");
  const start = newline ? `${text}\n` : text;
  return edited(`${start}${line}\n`, { ...additions, newline: additions.newline || newline }, language);
}

/** Reads the text once more: an edit that xl would not read is no edit. */
function edited(text: string, additions: XlAdditions, language: ConfigLanguage): XlEdit {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  return { kind: "edited", text, additions: { ...additions, newline: additions.newline && hasLine(additions) } };
}

/** An assignment with what ends it: its whole line where it is alone there. */
function statement(text: string, { start, end }: XlAssignment): XlChange {
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

function placeOf(syntax: XlSyntax, entry: PciEntry): { readonly list: XlList; readonly element: XlElement } {
  for (const list of pciLists(syntax)) {
    const element = list.elements.find(({ value }) => value.start === entry.start);
    if (element) return { list, element };
  }
  throw new RangeError(`no list of \`pci' holds offset ${entry.start}`);
}

/** The value of a name that one text alone makes up. */
function onlyText(syntax: XlSyntax, name: string) {
  const parts = syntax.settings.get(name)?.parts ?? [];
  const [assignment] = parts;
  if (!assignment || parts.length > 1 || assignment.value.kind === "list") return undefined;
  const { start, end, text } = assignment.value;
  return { assignment, start, end, text };
}

function replaceValue(text: string, { start, end }: { start: number; end: number }, value: string): XlChange {
  return { start, end, text: quoteXl(value, text[start] === '"' ? '"' : "'") };
}
