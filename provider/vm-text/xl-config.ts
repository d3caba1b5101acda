/** What an xl config file says about a VM and its PCI devices (xen, tools/xl/xl_parse.c, 4.22). */
import { keptByText } from "../kept-by-text";
import type { AttachOptions } from "./attach-options";
import { readCNumber } from "./c-number";
import { type PciSpec, parseSpecString } from "./spec-string";
import { type ConfigLanguage, XL_LANGUAGE } from "./xl-config-language";
import type { XlRange, XlSyntax } from "./xl-config-syntax";
import type { XlConfigError } from "./xl-config-tokens";

/** A device of `pci`; the range is that of the quoted string, `text` is its contents. */
export interface PciEntry extends XlRange {
  /** Undefined when xl cannot read the entry, and so does not start the VM. */
  readonly spec: PciSpec | undefined;
  readonly text: string;
}

/** The settings of a VM that matter here. */
export interface XlConfig {
  readonly kind: "config";
  /** xl does not start a VM without a name. */
  readonly name: string | undefined;
  readonly uuid: string | undefined;
  /**
   * The value of `passthrough` (since 4.13), usually `enabled` or `disabled`; without it, xl enables it when there are
   * devices.
   */
  readonly passthrough: string | undefined;
  /**
   * From `builder`, the only setting before 4.10, or from `type`; else pv, xl's default (except on Arm, where it is
   * pvh).
   */
  readonly type: "pv" | "pvh" | "hvm";
  /** Whether `maxmem` is above `memory`: a VM that is no PV guest then starts with less memory than it believes to have. */
  readonly populatesOnDemand: boolean;
  /** The devices that xl sees, in order: it stops at the first nested list, and a `pci` that is not a list has none. */
  readonly pci: readonly PciEntry[];
  /** The elements of `disk` as they are written. */
  readonly disks: readonly string[];
  /** `pci_permissive` and the like, the defaults for devices that do not set the option themselves. */
  readonly pciDefaults: AttachOptions;
}

/** A host of 100 VMs has as many texts, and some more while it changes. */
const MOST_KEPT = 1000;
const readers = new WeakMap<ConfigLanguage, (text: string) => XlConfig | XlConfigError>();

/** Reads a file whose characters are bytes (Latin-1); an error where its language cannot be parsed. Never throws. */
export function parseXlConfig(text: string, language: ConfigLanguage = XL_LANGUAGE): XlConfig | XlConfigError {
  const read = readers.get(language) ?? keptByText(MOST_KEPT, (config) => readXlConfig(config, language));
  readers.set(language, read);
  return read(text);
}

function readXlConfig(text: string, language: ConfigLanguage): XlConfig | XlConfigError {
  const syntax = language.parse(text);
  if (syntax.kind === "error") return syntax;
  return {
    kind: "config",
    name: textOf(syntax, "name"),
    uuid: textOf(syntax, "uuid"),
    passthrough: textOf(syntax, "passthrough"),
    type: typeOf(syntax),
    populatesOnDemand: (longOf(syntax, "maxmem") ?? 0) > (longOf(syntax, "memory") ?? Number.POSITIVE_INFINITY),
    pci: pciEntries(syntax),
    disks: (syntax.settings.get("disk")?.parts ?? []).flatMap(({ value }) =>
      value.kind === "text"
        ? [value.text]
        : value.elements.flatMap((element) => (element.value.kind === "text" ? [element.value.text] : [])),
    ),
    pciDefaults: {
      ...flag(syntax, "pci_permissive", "permissive"),
      ...flag(syntax, "pci_msitranslate", "msitranslate"),
      ...flag(syntax, "pci_power_mgmt", "powerManagement"),
      ...flag(syntax, "pci_seize", "seize"),
    },
  };
}

/** The entries of `pci` that are in effect, as in XlConfig. */
export function pciEntries(syntax: XlSyntax): readonly PciEntry[] {
  const entries: PciEntry[] = [];
  for (const { value } of syntax.settings.get("pci")?.parts ?? []) {
    if (value.kind === "text") return [];
    for (const element of value.elements) {
      if (element.value.kind === "list") return entries;
      const { start, end, text } = element.value;
      entries.push({ spec: parseSpecString(text), text, start, end });
    }
  }
  return entries;
}

function textOf(syntax: XlSyntax, name: string): string | undefined {
  const values = syntax.settings.get(name)?.parts.map((part) => part.value);
  if (values?.some((value) => value.kind === "list")) return undefined;
  return values?.map((value) => (value.kind === "text" ? value.text : "")).join("");
}

/** xl only compares as many characters as the value has, so `h` is hvm and `p` is pv. */
function typeOf(syntax: XlSyntax): XlConfig["type"] {
  const [type, builder] = [textOf(syntax, "type"), textOf(syntax, "builder")];
  if (builder !== undefined && "hvm".startsWith(builder)) return "hvm";
  return (["hvm", "pv", "pvh"] as const).find((word) => type !== undefined && word.startsWith(type)) ?? "pv";
}

function flag(syntax: XlSyntax, name: string, option: keyof AttachOptions): AttachOptions {
  const number = longOf(syntax, name);
  return number === undefined ? {} : { [option]: number !== 0 };
}

/** xlu_cfg_get_long: a value that is not a C number, or that was built with `+=`, counts as not set. */
function longOf(syntax: XlSyntax, name: string): number | undefined {
  const last = syntax.settings.get(name)?.parts.at(-1);
  if (last?.operator === "+=") return undefined;
  const [, sign, digits] = /^[ \t\n\v\f\r]*([+-]?)(\w+)$/.exec(textOf(syntax, name) ?? "") ?? [];
  const number = readCNumber(digits);
  return number === undefined || sign !== "-" ? number : -number;
}
