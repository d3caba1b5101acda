/**
 * The list in `xen-pciback.hide=`: the functions that the driver pciback takes at boot.
 * The grammar is that of pcistub_init (linux, drivers/xen/xen-pciback/pci_stub.c, 6.x), including what its sscanf
 * tolerates.
 */
import { PassthroughError } from "../errors";
import type { PciAddress } from "./address";

/** A `(…)` in the list. An absent slot or function is a wildcard. */
export interface HideEntry {
  /** The entry's own spelling, with its parentheses. */
  readonly text: string;
  readonly segment: number;
  readonly bus: number;
  readonly slot?: number;
  readonly function?: number;
  /** Offset of `text` in the list. */
  readonly start: number;
}

/** The entries in the order of the text. */
export type HideList = readonly HideEntry[];

// The kernel's isspace (lib/ctype.c) includes 0xa0. Its sscanf skips space before a number and where the format has a
// space.
const SPACE = "[ \\t\\n\\v\\f\\r\\xa0]*";
const NUMBER = `${SPACE}(0x[0-9a-f]*|[0-9a-f]+)`;
const ENTRY = new RegExp(
  `${SPACE}(\\((?:${NUMBER}:)?${NUMBER}:(?:\\*\\.\\*|${NUMBER}\\.(?:\\*|${NUMBER}))\\))${SPACE}`,
  "iy",
);

/** Reads a list; undefined when the kernel rejects it: pciback then does not register, and hides nothing. */
export function parseHideList(text: string): HideList | undefined {
  const entries: HideEntry[] = [];
  ENTRY.lastIndex = 0;
  while (ENTRY.lastIndex < text.length) {
    const searchStart = ENTRY.lastIndex;
    const match = ENTRY.exec(text);
    const entry = match && readEntry(match, text.indexOf("(", searchStart));
    if (!entry) return undefined;
    entries.push(entry);
  }
  return entries;
}

/**
 * Whether the entry itself hides the function. The kernel also hides what is behind a hidden bridge: check the parents
 * too.
 */
export function hides(entry: HideEntry, address: PciAddress): boolean {
  const [segment, bus, slot, func] = numbersOf(address);
  return (
    entry.segment === segment &&
    entry.bus === bus &&
    (entry.slot === undefined || entry.slot === slot) &&
    (entry.function === undefined || entry.function === func)
  );
}

/**
 * Appends the function in the long form, the only form that XAPI reads (xen-api, ocaml/xapi/pciops.ml, 24.x). Returns
 * the list unchanged when an entry already names the function. Throws PassthroughError when the kernel rejects the list
 * as it is (check with parseHideList first) or would reject the result, as for a segment above ffff.
 */
export function addToHideList(text: string, address: PciAddress): string {
  const list = acceptedList(text, `hide ${address}`);
  if (list.some((entry) => namesExactly(entry, address))) return text;
  const added = `${text}(${address})`;
  acceptedList(added, `hide ${address}`);
  return added;
}

/**
 * Removes the entries that name exactly this function; wildcards stay. Throws PassthroughError when the kernel rejects
 * the list.
 */
export function removeFromHideList(text: string, address: PciAddress): { readonly text: string } {
  const list = acceptedList(text, `stop hiding ${address}`);
  const kept = list.filter((entry) => !namesExactly(entry, address));
  const removed = list.filter((entry) => !kept.includes(entry));
  const remaining = removed.reduceRight(
    (rest, entry) => rest.slice(0, entry.start) + rest.slice(entry.start + entry.text.length),
    text,
  );
  // The kernel rejects a list of spaces alone, but accepts an empty one.
  return { text: kept.length === 0 ? "" : remaining };
}

function acceptedList(text: string, task: string): HideList {
  const list = parseHideList(text);
  if (list) return list;
  throw new PassthroughError(
    `unable to ${task}: the kernel rejects the list "${text}", so pciback would not start at all; write each entry as (0000:04:00.0)`,
  );
}

function namesExactly(entry: HideEntry, address: PciAddress): boolean {
  return entry.slot !== undefined && entry.function !== undefined && hides(entry, address);
}

function readEntry(match: RegExpExecArray, start: number): HideEntry | undefined {
  const [, text = "", segmentDigits = "0", busDigits = "", slotDigits, functionDigits] = match;
  const [segment, bus] = [kernelInt(segmentDigits), kernelInt(busDigits)];
  const slot = wildcardOr(slotDigits);
  const func = wildcardOr(functionDigits);
  // pcistub_device_id_add: a single number out of range makes the driver's registration fail.
  if (segment < 0 || segment > 0xffff || bus < 0 || bus > 0xff) return undefined;
  if ((slot !== undefined && slot > 0x1f) || (func !== undefined && func > 7)) return undefined;
  return {
    text,
    segment,
    bus,
    ...(slot === undefined ? {} : { slot }),
    ...(func === undefined ? {} : { function: func }),
    start,
  };
}

/** `%x` into an int keeps the low 32 bits; a negative slot or function is a wildcard. */
function kernelInt(digits: string): number {
  return Number(BigInt.asIntN(32, BigInt(`0x0${digits.replace(/^0x/i, "")}`)));
}

function wildcardOr(digits: string | undefined): number | undefined {
  const number = digits === undefined ? -1 : kernelInt(digits);
  return number < 0 ? undefined : number;
}

function numbersOf(address: PciAddress): readonly number[] {
  return address.split(/[:.]/).map((digits) => Number.parseInt(digits, 16));
}
