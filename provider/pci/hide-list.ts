/**
 * The list of `xen-pciback.hide=`: which functions the driver pciback takes at boot.
 * The grammar is that of pcistub_init (linux, drivers/xen/xen-pciback/pci_stub.c, 6.x), with what its sscanf lets through.
 */
import { PassthroughError } from "../errors";
import type { PciAddress } from "./address";

/** One `(…)` of the list. An absent slot or function is a wildcard. */
export interface HideEntry {
  /** As it stands in the list, with its parentheses. */
  readonly text: string;
  readonly domain: number;
  readonly bus: number;
  readonly slot?: number;
  readonly function?: number;
  /** Where the text starts in the list. */
  readonly start: number;
}

/** In the order of the text. */
export type HideList = readonly HideEntry[];

// isspace of the kernel, lib/ctype.c: 0xa0 is one. Its sscanf skips space before a number, and nowhere else but where the format has some.
const SPACE = "[ \\t\\n\\v\\f\\r\\xa0]*";
const NUMBER = `${SPACE}(0x[0-9a-f]*|[0-9a-f]+)`;
const ENTRY = new RegExp(
  `${SPACE}(\\((?:${NUMBER}:)?${NUMBER}:(?:\\*\\.\\*|${NUMBER}\\.(?:\\*|${NUMBER}))\\))${SPACE}`,
  "iy",
);

/** Reads a list; undefined when the kernel rejects it, and then pciback does not register and hides nothing at all. */
export function parseHideList(text: string): HideList | undefined {
  const entries: HideEntry[] = [];
  ENTRY.lastIndex = 0;
  while (ENTRY.lastIndex < text.length) {
    const from = ENTRY.lastIndex;
    const match = ENTRY.exec(text);
    const entry = match && readEntry(match, text.indexOf("(", from));
    if (!entry) return undefined;
    entries.push(entry);
  }
  return entries;
}

/** Whether the entry itself hides the function. The kernel also hides what lies behind a hidden bridge: ask for the parents too. */
export function hides(entry: HideEntry, address: PciAddress): boolean {
  const [domain, bus, slot, func] = numbersOf(address);
  return (
    entry.domain === domain &&
    entry.bus === bus &&
    (entry.slot === undefined || entry.slot === slot) &&
    (entry.function === undefined || entry.function === func)
  );
}

/**
 * The list with the function in it, in the long form (XAPI reads no other: xen-api, ocaml/xapi/pciops.ml, 24.x); the same when an entry
 * names it already. Throws PassthroughError when the kernel would reject the list, before (ask parseHideList first) or after.
 */
export function addToHideList(text: string, address: PciAddress): string {
  const list = acceptedList(text, `hide ${address}`);
  if (list.some((entry) => namesExactly(entry, address))) return text;
  const added = `${text}(${address})`;
  acceptedList(added, `hide ${address}`);
  return added;
}

/** The list without the entries that name exactly this function. Throws PassthroughError when the kernel rejects the list. */
export function removeFromHideList(text: string, address: PciAddress): { readonly text: string } {
  const list = acceptedList(text, `stop hiding ${address}`);
  const kept = list.filter((entry) => !namesExactly(entry, address));
  const gone = list.filter((entry) => !kept.includes(entry));
  const without = gone.reduceRight(
    (left, entry) => left.slice(0, entry.start) + left.slice(entry.start + entry.text.length),
    text,
  );
  // A list of nothing but spaces is an error to the kernel; an empty one is not.
  return { text: kept.length === 0 ? "" : without };
}

function acceptedList(text: string, task: string): HideList {
  const list = parseHideList(text);
  if (list) return list;
  throw new PassthroughError(
    `unable to ${task}: the kernel rejects the list "${text}", and then pciback does not start at all; write entries as (0000:04:00.0)`,
  );
}

function namesExactly(entry: HideEntry, address: PciAddress): boolean {
  return entry.slot !== undefined && entry.function !== undefined && hides(entry, address);
}

function readEntry(match: RegExpExecArray, start: number): HideEntry | undefined {
  const [, text = "", domainDigits = "0", busDigits = "", slotDigits, functionDigits] = match;
  const [domain, bus] = [kernelInt(domainDigits), kernelInt(busDigits)];
  const slot = wildcardOr(slotDigits);
  const func = wildcardOr(functionDigits);
  // pcistub_device_id_add: one number out of range fails the registration of the driver.
  if (domain < 0 || domain > 0xffff || bus < 0 || bus > 0xff) return undefined;
  if ((slot !== undefined && slot > 0x1f) || (func !== undefined && func > 7)) return undefined;
  return {
    text,
    domain,
    bus,
    ...(slot === undefined ? {} : { slot }),
    ...(func === undefined ? {} : { function: func }),
    start,
  };
}

/** `%x` into an int: the low 32 bits, and a negative slot or function counts as a wildcard. */
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
