import { randomUUID } from "node:crypto";
import { parsePciAddress } from "../../provider/pci/address";
import type { DomainConfig, DomainDevice, DomainDisk } from "./domain";

type Value = string | readonly string[];

/** Thrown when xl could not read the file at all. */
export class ConfigSyntaxError extends Error {
  override readonly name = "ConfigSyntaxError";
  constructor(readonly line: number) {
    super(`config parsing error near line ${line}`);
  }
}

const TOKEN = /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([A-Za-z0-9_.]+)|([=+[\],;\n])/y;

/**
 * Reads an xl configuration file the way xl's own grammar does (tools/libs/util/libxlu_cfg_y.y, 4.17): assignments of
 * strings, numbers and lists, ended by line ends or semicolons. Written apart from the provider's editor of such files,
 * so that a mistake of one does not hide in the other.
 */
export function readDomainConfig(text: string, minor = 17): DomainConfig {
  const values = readAssignments(text);
  const stringOf = (name: string) => {
    const value = values.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const flag = (name: string) => Number.parseInt(stringOf(name) ?? "0", 10) !== 0;
  const defaults = {
    msitranslate: flag("pci_msitranslate"),
    powerManagement: flag("pci_power_mgmt"),
    permissive: flag("pci_permissive"),
    seize: flag("pci_seize"),
  };
  const list = (name: string) => {
    const value = values.get(name) ?? [];
    return typeof value === "string" ? [] : value;
  };
  const specs = list("pci").map((spec) => ({
    spec,
    device: readSpec(spec, defaults, minor),
  }));
  const memory = Number(stringOf("memory") ?? "128");
  return {
    name: stringOf("name") ?? "",
    uuid: stringOf("uuid") ?? randomUUID(),
    type: readType(stringOf("type"), stringOf("builder")),
    memory,
    maxMemory: Number(stringOf("maxmem") ?? memory),
    vcpus: Number(stringOf("vcpus") ?? "1"),
    passthrough: stringOf("passthrough"),
    disks: list("disk").map(readDisk),
    bridges: list("vif").map((vif) => /(?:^|,)\s*bridge=([^,\s]+)/.exec(vif)?.[1] ?? "xenbr0"),
    devices: specs.flatMap(({ device }) => device ?? []),
    badDevices: specs.flatMap(({ spec, device }) => (device ? [] : [spec])),
  };
}

/**
 * Keys and the minor version of Xen 4 that they came with; an older xl passes over what it does not know, up to 4.14.
 */
const SPEC_KEYS: Readonly<Record<string, number>> = {
  permissive: 2,
  seize: 5,
  rdm_policy: 6,
  bdf: 15,
  vslot: 15,
  name: 15,
};

/**
 * A PCI_SPEC_STRING (docs/man/xl-pci-configuration.5.pod, 4.17) as the xl of Xen 4.`minor` reads it; undefined when it
 * refuses.
 */
export function readSpec(text: string, defaults: Partial<DomainDevice> = {}, minor = 17): DomainDevice | undefined {
  const device = {
    msitranslate: false,
    powerManagement: false,
    permissive: false,
    seize: false,
    rdmPolicy: "strict" as "strict" | "relaxed",
    vdevfn: 0,
    ...defaults,
  };
  let address = defaults.address;
  for (const [index, part] of text.split(",").entries()) {
    const [, key = "", value = ""] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const set = Number.parseInt(value, 10) !== 0 && !Number.isNaN(Number.parseInt(value, 10));
    if ((SPEC_KEYS[key] ?? 0) > minor) continue;
    if (key === "" || key === "bdf") {
      if (key === "" && index > 0) return undefined;
      const [bdf = "", slot] = (key === "" ? part : value).trim().split("@");
      address = parsePciAddress(bdf);
      if (slot !== undefined) device.vdevfn = Number.parseInt(slot, 16) << 3;
    } else if (key === "vslot") device.vdevfn = Number.parseInt(value, 16) << 3;
    else if (key === "msitranslate") device.msitranslate = set;
    else if (key === "power_mgmt") device.powerManagement = set;
    else if (key === "permissive") device.permissive = set;
    else if (key === "seize") device.seize = set;
    else if (key === "rdm_policy" && (value === "strict" || value === "relaxed")) device.rdmPolicy = value;
    else return undefined;
  }
  return address && { ...device, address };
}

/** As people write it: source, name and mode by position (xl-disk-configuration.5.pod, 4.17), or `phy:` and `file:` before. */
function readDisk(text: string): DomainDisk {
  const words = text.split(",").map((word) => word.trim());
  const [source = "", ...rest] = words;
  return {
    source: source.replace(/^(phy|file):/, ""),
    name: rest.find((word) => /^(xvd|hd|sd)[a-z]+\d*$/.test(word)) ?? "",
    readOnly: ["r", "ro"].includes(rest.at(-1) ?? ""),
  };
}

function readType(type: string | undefined, builder: string | undefined): DomainConfig["type"] {
  if (type === "hvm" || type === "pvh" || type === "pv") return type;
  return builder === "hvm" ? "hvm" : "pv";
}

function readAssignments(text: string): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  const tokens = [...tokensOf(text)];
  let position = 0;
  const fail = () => new ConfigSyntaxError(tokens[position]?.line ?? tokens.at(-1)?.line ?? 1);
  const take = () => tokens[position++]?.text;
  const skipLines = () => {
    while (tokens[position]?.text === "\n") position++;
  };
  while (position < tokens.length) {
    const name = take();
    if (name === "\n" || name === ";") continue;
    if (!name || !/^[A-Za-z_]/.test(name)) throw fail();
    const appended = tokens[position]?.text === "+" && ++position > 0;
    if (take() !== "=") throw fail();
    const before = appended ? values.get(name) : undefined;
    if (tokens[position]?.text !== "[") {
      const value = take();
      if (value === undefined || /^[\n;\],=+]$/.test(value)) throw fail();
      values.set(name, (typeof before === "string" ? before : "") + unquote(value));
    } else {
      position++;
      const list: string[] = [];
      for (skipLines(); tokens[position]?.text !== "]"; skipLines()) {
        const value = take();
        if (value === undefined || /^[;\],=+]$/.test(value)) throw fail();
        list.push(unquote(value));
        skipLines();
        if (tokens[position]?.text === ",") position++;
        else if (tokens[position]?.text !== "]") throw fail();
      }
      position++;
      values.set(name, [...(Array.isArray(before) ? (before as readonly string[]) : []), ...list]);
    }
    const end = tokens[position]?.text;
    if (end !== undefined && end !== "\n" && end !== ";") throw fail();
  }
  return values;
}

function* tokensOf(text: string): Generator<{ text: string; line: number }> {
  let line = 1;
  // Newlines are tokens: blanks are skipped by hand, since \s would swallow them.
  for (let position = 0; position < text.length; ) {
    const character = text[position] ?? "";
    if (character === "#") {
      while (position < text.length && text[position] !== "\n") position++;
    } else if (/[ \t\r]/.test(character)) position++;
    else {
      TOKEN.lastIndex = position;
      const match = TOKEN.exec(text);
      const token = match?.[1] ?? match?.[2] ?? match?.[3];
      if (!match || token === undefined) throw new ConfigSyntaxError(line);
      yield { text: token, line };
      if (token === "\n") line++;
      position += match[0].length;
    }
  }
}

function unquote(token: string): string {
  return /^["']/.test(token) ? token.slice(1, -1).replace(/\\(.)/g, "$1") : token;
}
