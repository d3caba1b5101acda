/**
 * PCI_SPEC_STRING: the entries of `pci=` in an xl config, and the argument of `xl pci-attach`. The grammar is that of
 * xlu_pci_parse_spec_string (xen, tools/libs/util/libxlu_pci.c, 4.22), which reads everything that older versions read.
 * What sscanf tolerates in addition (`0x`, a space or a sign before a number) is not read.
 */
import { type PciAddress, type PciTarget, parsePciAddress, slotOf, targets } from "../pci/address";
import type { AttachOptions } from "./attach-options";

/** A spec string: the device, and how the VM gets it. */
export interface PciSpec {
  /** A function, all functions of a slot (`01:00.*`), or a name given by `xl pci-assignable-add -n`. */
  readonly device: PciTarget | { readonly kind: "name"; readonly name: string };
  readonly options: AttachOptions;
  /** `key=value` pairs that no xl knows: up to 4.14 xl ignores them, from 4.15 it rejects the string. */
  readonly unknown: readonly string[];
}

/**
 * The first Xen version whose xl understands an option or a form (xen's git history;
 * docs/man/xl-pci-configuration.5.pod).
 */
export const XL_SINCE = {
  msitranslate: "4.1",
  powerManagement: "4.1",
  vslot: "4.1",
  permissive: "4.2",
  seize: "4.5",
  rdmPolicy: "4.6",
  /** The assignment `passthrough =` in a config file. */
  passthrough: "4.13",
  /** The keys `bdf=`, `vslot=` and `name=`. */
  keyedDevice: "4.15",
} as const satisfies Record<Exclude<keyof AttachOptions, "quirks"> | "passthrough" | "keyedDevice", string>;

const BDF = /^(?:([0-9a-f]+):)?([0-9a-f]+):([0-9a-f]+)\.(?:(\*)|([0-9a-f]+))/i;
const FLAGS: ReadonlyMap<string, "permissive" | "msitranslate" | "powerManagement" | "seize"> = new Map([
  ["permissive", "permissive"],
  ["msitranslate", "msitranslate"],
  ["power_mgmt", "powerManagement"],
  ["seize", "seize"],
]);

/** Reads a spec string; undefined when xl would reject it for any reason but an unknown key. */
export function parseSpecString(text: string): PciSpec | undefined {
  const positional = readBdf(text);
  const start = positional ? afterPositional(text, positional.length) : { options: {}, rest: text };
  if (!start) return undefined;
  let options: AttachOptions = start.options;
  let target = positional?.target;
  let name: string | undefined;
  const unknown: string[] = [];
  let rest = start.rest;
  while (rest !== "") {
    const pair = /^([^=]*)=([^,]*),?/.exec(rest);
    if (!pair) return undefined;
    const [whole, key = "", value = ""] = pair;
    rest = rest.slice(whole.length);
    const flag = FLAGS.get(key);
    if (flag) {
      options = { ...options, [flag]: readFlag(value) };
    } else if (key === "bdf") {
      target = readBdf(value)?.target;
      if (!target) return undefined;
    } else if (key === "name") {
      name = value;
    } else if (key === "vslot") {
      const vslot = readVslot(value);
      if (!vslot) return undefined;
      options = { ...options, vslot: vslot.number };
    } else if (key === "rdm_policy") {
      const rdmPolicy = value.toLowerCase();
      if (rdmPolicy !== "strict" && rdmPolicy !== "relaxed") return undefined;
      options = { ...options, rdmPolicy };
    } else {
      unknown.push(`${key}=${value}`);
    }
  }
  if (target) return name === undefined ? { device: target, options, unknown } : undefined;
  return name === undefined ? undefined : { device: { kind: "name", name }, options, unknown };
}

/** The spec that gives a VM a single function. */
export function specOf(address: PciAddress, options: AttachOptions): PciSpec {
  return { device: { kind: "function", address }, options, unknown: [] };
}

/** Writes a spec in the oldest form, which every xl since 4.2 reads; only a name needs 4.15. */
export function formatSpecString({ device, options, unknown }: PciSpec): string {
  const { vslot, permissive, msitranslate, powerManagement, seize, rdmPolicy } = options;
  const named = device.kind === "name";
  const hexSlot = vslot?.toString(16).padStart(2, "0");
  const words = [
    named ? `name=${device.name}` : `${formatTarget(device)}${hexSlot === undefined ? "" : `@${hexSlot}`}`,
    ...(named && hexSlot !== undefined ? [`vslot=${hexSlot}`] : []),
    ...formatFlag("permissive", permissive),
    ...formatFlag("msitranslate", msitranslate),
    ...formatFlag("power_mgmt", powerManagement),
    ...formatFlag("seize", seize),
    ...(rdmPolicy === undefined ? [] : [`rdm_policy=${rdmPolicy}`]),
    ...unknown,
  ];
  return words.join(",");
}

/** Whether the spec names exactly this function; neither a `*` nor a name does. */
export function namesFunction(spec: PciSpec | undefined, address: PciAddress): boolean {
  return spec?.device.kind === "function" && spec.device.address === address;
}

/** Whether an entry gives a function to the VM: by its address, or with all of its slot (`01:00.*`). */
export function coversFunction(spec: PciSpec | undefined, address: PciAddress): boolean {
  return spec !== undefined && spec.device.kind !== "name" && targets(spec.device, address);
}

function afterPositional(text: string, length: number): { options: AttachOptions; rest: string } | undefined {
  let rest = text.slice(length);
  let options: AttachOptions = {};
  if (rest.startsWith("@")) {
    const vslot = readVslot(rest.slice(1));
    if (!vslot) return undefined;
    options = { vslot: vslot.number };
    rest = rest.slice(1 + vslot.length);
  }
  if (rest === "") return { options, rest };
  return rest.startsWith(",") ? { options, rest: rest.slice(1) } : undefined;
}

function readBdf(text: string): { readonly target: PciTarget; readonly length: number } | undefined {
  const match = BDF.exec(text);
  if (!match) return undefined;
  const [whole, segment = "0", bus = "", slot = "", all, func = "0"] = match;
  const address = parsePciAddress(`${digits(segment, 4)}:${digits(bus, 2)}:${digits(slot, 2)}.${digits(func, 1)}`);
  // libxl has 16 bits for the segment (parse_bdf); the kernel's addresses may have more.
  if (!address || Number.parseInt(segment, 16) > 0xffff) return undefined;
  return {
    target: all ? { kind: "slot", slot: slotOf(address) } : { kind: "function", address },
    length: whole.length,
  };
}

function readVslot(text: string): { readonly number: number; readonly length: number } | undefined {
  const match = /^[0-9a-f]+/i.exec(text);
  if (!match) return undefined;
  const number = Number.parseInt(match[0], 16);
  return number > 0x1f ? undefined : { number, length: match[0].length };
}

/** Like C's atoi, to which `true` and `yes` are 0. */
function readFlag(value: string): boolean {
  return /^[ \t\n\v\f\r]*[+-]?0*[1-9]/.test(value);
}

function formatFlag(key: string, on: boolean | undefined): readonly string[] {
  return on === undefined ? [] : [`${key}=${on ? 1 : 0}`];
}

function formatTarget(target: PciTarget): string {
  return target.kind === "function" ? target.address : `${target.slot}.*`;
}

/** A hexadecimal number padded with zeros to the width, without superfluous zeros. */
function digits(number: string, width: number): string {
  return number.replace(/^0+/, "").padStart(width, "0");
}
