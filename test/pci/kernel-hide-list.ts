/**
 * What the kernel does with `xen-pciback.hide=`, told as it does it: one sscanf after another (linux,
 * drivers/xen/xen-pciback/pci_stub.c, pcistub_init; lib/vsprintf.c, vsscanf). The tests hold the project's grammar
 * against it.
 */

/**
 * The functions that are hidden, as `segment:bus:slot.function` with plain numbers; undefined when pciback does not
 * register.
 */
export function kernelHides(text: string): ReadonlySet<string> | undefined {
  const hidden = new Set<string>();
  if (text === "") return hidden;
  let position = 0;
  do {
    const entry = readEntry(text.slice(position));
    if (!entry || !hide(hidden, entry.numbers)) return undefined;
    position += entry.parsed;
  } while (position < text.length);
  return hidden;
}

type Numbers = readonly [segment: number, bus: number, slot: number, func: number];

function readEntry(text: string): { numbers: Numbers; parsed: number } | undefined {
  const long = scan(text, " (%x:%x:%x.%x) ");
  const allFunctions = long.numbers.length === 3 ? scan(text, " (%x:%x:%x.*) ") : undefined;
  const allSlots = long.numbers.length === 2 ? scan(text, " (%x:%x:*.*) ") : undefined;
  for (const scanned of [long, allFunctions, allSlots]) {
    if (!scanned?.parsed) continue;
    const [segment = -1, bus = -1, slot = -1, func = -1] = scanned.numbers;
    return { numbers: [segment, bus, slot, func], parsed: scanned.parsed };
  }
  const short = scan(text, " (%x:%x.%x) ");
  const functionsOfSlot = short.numbers.length === 2 ? scan(text, " (%x:%x.*) ") : undefined;
  const slotsOfBus = short.numbers.length === 1 ? scan(text, " (%x:*.*) ") : undefined;
  for (const scanned of [short, functionsOfSlot, slotsOfBus]) {
    if (!scanned?.parsed) continue;
    const [bus = -1, slot = -1, func = -1] = scanned.numbers;
    return { numbers: [0, bus, slot, func], parsed: scanned.parsed };
  }
  return undefined;
}

function hide(hidden: Set<string>, [segment, bus, slot, func]: Numbers): boolean {
  if (slot < 0) return range(32).every((each) => hide(hidden, [segment, bus, each, func]));
  if (func < 0) return range(8).every((each) => hide(hidden, [segment, bus, slot, each]));
  if (segment < 0 || segment > 0xffff || bus < 0 || bus > 0xff || slot > 31 || func > 7) return false;
  hidden.add(`${segment}:${bus}:${slot}.${func}`);
  return true;
}

/** The numbers read before the first mismatch, and how much was read when all of the format matched (`%n`), else 0. */
function scan(text: string, format: string): { numbers: number[]; parsed: number } {
  const numbers: number[] = [];
  const space = /[ \t\n\v\f\r\xa0]*/y;
  const number = /[ \t\n\v\f\r\xa0]*(?:0x([0-9a-f]*)|([0-9a-f]+))/iy;
  let position = 0;
  for (const [piece = ""] of format.matchAll(/%x|./g)) {
    const pattern = piece === "%x" ? number : space;
    pattern.lastIndex = position;
    if (piece === "%x") {
      const match = pattern.exec(text);
      if (!match) return { numbers, parsed: 0 };
      numbers.push(Number.parseInt((match[1] ?? match[2] ?? "").slice(-8) || "0", 16) | 0);
      position = pattern.lastIndex;
    } else if (piece === " ") {
      position += pattern.exec(text)?.[0].length ?? 0;
    } else if (text[position] === piece) {
      position += 1;
    } else {
      return { numbers, parsed: 0 };
    }
  }
  return { numbers, parsed: position };
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}
