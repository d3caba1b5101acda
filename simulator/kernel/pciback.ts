import { Errno, type ErrnoCode } from "./errno";
import type { PciBus, PciDriver, PciFunction } from "./pci-bus";

/** What pciback asks of the hypervisor, for its warning about a device that a guest still uses. */
export type DomainOf = (address: string) => number | undefined;

interface Slot {
  readonly domain: number;
  readonly bus: number;
  readonly slot: number;
  readonly func: number;
}

// scanf's %x: blanks before the number, and 0x if one likes.
const X = "\\s*(?:0x)?([0-9a-f]+)";
const SLOT_FORMS = [`${X}:${X}:${X}\\.${X}`, `${X}:${X}:${X}\\.\\*`, `${X}:${X}:\\*\\.\\*`];
const SHORT_FORMS = [`${X}:${X}\\.${X}`, `${X}:${X}\\.\\*`, `${X}:\\*\\.\\*`];
const PAGE_SIZE = 4096;

/** The driver "pciback" of the module xen-pciback (linux drivers/xen/xen-pciback/pci_stub.c, 6.1). */
export class Pciback implements PciDriver {
  readonly name = "pciback";
  readonly module: string | undefined;
  /** What Linux 2.6.18 does not print. */
  private readonly prefix: string;
  private readonly slots: Slot[] = [];
  private readonly permissive = new Set<string>();
  private readonly quirks = new Map<string, Set<string>>();

  /** Throws EINVAL for a hide list that the kernel rejects: the driver is then not registered at all. */
  constructor(
    private readonly bus: PciBus,
    private readonly log: (line: string) => void,
    private readonly domainOf: DomainOf,
    options: { readonly hide: string; readonly module: string | undefined },
  ) {
    this.module = options.module;
    this.prefix = options.module === "pciback" ? "" : "xen_pciback: ";
    this.hide(options.hide);
  }

  readonly attributes = {
    new_slot: { mode: 0o200, write: (text: string) => this.addSlots(readSlot(text)) },
    remove_slot: { mode: 0o200, write: (text: string) => this.removeSlots(readSlot(text)) },
    slots: { mode: 0o444, read: () => this.showSlots() },
    quirks: {
      mode: 0o644,
      // quirks_show, less the fields that every device has.
      read: () => [...this.quirks].map(([address, fields]) => `${address.slice(5)}\n${[...fields].join("")}`).join(""),
      write: (text: string) => this.addQuirk(text),
    },
    permissive: {
      mode: 0o644,
      read: () => [...this.permissive].map((address) => `${address}\n`).join(""),
      write: (text: string) => this.allowPermissive(text),
    },
    irq_handlers: { mode: 0o444, read: () => "" },
    irq_handler_state: { mode: 0o200, write: () => {} },
    allow_interrupt_control: { mode: 0o644, read: () => "", write: () => {} },
  };

  covers(): boolean {
    return true;
  }

  probe(device: PciFunction): void {
    if (device.driverOverride !== this.name && !this.wants(device)) throw new Errno("ENODEV");
    this.log(`pciback ${device.address}: ${this.prefix}seizing device`);
    // A function that came by driver_override gets a slot too (pcistub_seize).
    if (!this.wants(device)) this.slots.push(slotOf(device.address));
  }

  remove(device: PciFunction): void {
    this.permissive.delete(device.address);
    this.quirks.delete(device.address);
    const domain = this.domainOf(device.address);
    if (domain === undefined) return;
    this.log(`xen_pciback: ****** removing device ${device.address} while still in-use by domain ${domain}! ******`);
    this.log("xen_pciback: ****** driver domain may still access this device's i/o resources!");
    this.log("xen_pciback: ****** shutdown driver domain before binding device");
    this.log("xen_pciback: ****** to other drivers or domains");
  }

  /** pcistub_match: the function itself or a bridge above it. */
  private wants(device: PciFunction): boolean {
    for (
      let current: PciFunction | undefined = device;
      current;
      current = current.bridge && this.bus.find(current.bridge)
    ) {
      if (this.slots.some((slot) => format(slot) === current?.address)) return true;
    }
    return false;
  }

  /** pcistub_init: entries of the hide list, one after the other; one bad entry and nothing is hidden. */
  private hide(list: string): void {
    for (let rest = list; rest !== ""; ) {
      const found = scan(rest, (form) => `^\\s*\\(${form}\\)\\s*`);
      if (!found) {
        this.log(`xen_pciback: Error parsing pci_devs_to_hide at "${rest}"`);
        throw new Errno("EINVAL");
      }
      this.addSlots(found.slot);
      rest = rest.slice(found.length);
    }
  }

  private addSlots(pattern: SlotPattern): void {
    for (const slot of expand(pattern)) {
      if (slot.domain > 0xffff || slot.bus > 0xff || slot.slot > 31 || slot.func > 7) throw new Errno("EINVAL");
      this.slots.push(slot);
    }
  }

  private removeSlots(pattern: SlotPattern): void {
    const keep = this.slots.filter((slot) => !covers(pattern, slot));
    if (keep.length === this.slots.length) throw new Errno("ENOENT");
    this.slots.splice(0, this.slots.length, ...keep);
  }

  private showSlots(): string {
    return this.slots
      .map((slot) => `${format(slot)}\n`)
      .join("")
      .slice(0, PAGE_SIZE - 1);
  }

  private addQuirk(text: string): void {
    const [, device = "", field] = /^\s*(\S+?)-([0-9a-f]{1,8}:[0-9a-f]:[0-9a-f]{1,8})/i.exec(text) ?? [];
    if (field === undefined) throw new Errno("EINVAL");
    const { address } = this.ownDevice(device);
    const [register = "", size = "", mask = ""] = field.toLowerCase().split(":");
    if (!["1", "2", "4"].includes(size)) throw new Errno("EINVAL");
    const line = `\t\t${register.padStart(8, "0")}:${size}:${mask.padStart(8, "0")}\n`;
    this.quirks.set(address, (this.quirks.get(address) ?? new Set<string>()).add(line));
  }

  private ownDevice(text: string): PciFunction {
    const { domain, bus, slot, func } = readSlot(text);
    const device = this.bus.find(format({ domain, bus, slot: slot ?? 0, func: func ?? 0 }));
    if (device?.driver !== this) throw new Errno("ENODEV");
    return device;
  }

  private allowPermissive(text: string): void {
    const device = this.ownDevice(text);
    if (this.permissive.has(device.address)) return;
    this.permissive.add(device.address);
    this.log(`pciback ${device.address}: ${this.prefix}enabling permissive mode configuration space accesses!`);
    this.log(`pciback ${device.address}: ${this.prefix}permissive mode is potentially unsafe!`);
  }
}

interface SlotPattern extends Omit<Slot, "slot" | "func"> {
  readonly slot: number | undefined;
  readonly func: number | undefined;
}

/** str_to_slot */
function readSlot(text: string): SlotPattern {
  const found = scan(text, (form) => `^\\s*${form}\\s*$`);
  if (!found) throw new Errno("EINVAL" satisfies ErrnoCode);
  return found.slot;
}

function scan(text: string, whole: (form: string) => string): { slot: SlotPattern; length: number } | undefined {
  for (const [forms, short] of [
    [SLOT_FORMS, false],
    [SHORT_FORMS, true],
  ] as const) {
    for (const form of forms) {
      const match = new RegExp(whole(form), "i").exec(text);
      if (!match) continue;
      const numbers = match.slice(1).map((digits) => Number.parseInt(digits, 16));
      const [domain = 0, bus = 0, slot, func] = short ? [0, ...numbers] : numbers;
      return { slot: { domain, bus, slot, func }, length: match[0].length };
    }
  }
  return undefined;
}

function expand({ domain, bus, slot, func }: SlotPattern): Slot[] {
  const slots = slot === undefined ? Array.from({ length: 32 }, (_, number) => number) : [slot];
  const funcs = func === undefined ? Array.from({ length: 8 }, (_, number) => number) : [func];
  return slots.flatMap((s) => funcs.map((f) => ({ domain, bus, slot: s, func: f })));
}

function covers(pattern: SlotPattern, slot: Slot): boolean {
  return (
    pattern.domain === slot.domain &&
    pattern.bus === slot.bus &&
    (pattern.slot ?? slot.slot) === slot.slot &&
    (pattern.func ?? slot.func) === slot.func
  );
}

function slotOf(address: string): Slot {
  const [domain = 0, bus = 0, slot = 0, func = 0] = address.split(/[:.]/).map((part) => Number.parseInt(part, 16));
  return { domain, bus, slot, func };
}

function format(slot: Slot): string {
  const hex = (number: number, digits: number) => number.toString(16).padStart(digits, "0");
  return `${hex(slot.domain, 4)}:${hex(slot.bus, 2)}:${hex(slot.slot, 2)}.${slot.func}`;
}
