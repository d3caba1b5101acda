import { randomUUID } from "node:crypto";
import { parsePciAddress } from "../../provider/pci/address";
import type { DomainConfig, DomainDevice } from "./domain";

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
  const one = (name: string) => {
    const value = values.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const flag = (name: string) => Number.parseInt(one(name) ?? "0", 10) !== 0;
  const defaults = {
    msitranslate: flag("pci_msitranslate"),
    powerManagement: flag("pci_power_mgmt"),
    permissive: flag("pci_permissive"),
    seize: flag("pci_seize"),
  };
  const pci = values.get("pci");
  const specs = (typeof pci === "string" ? [] : (pci ?? [])).map((spec) => ({
    spec,
    device: readSpec(spec, defaults, minor),
  }));
  const memory = Number(one("memory") ?? "128");
  return {
    name: one("name") ?? "",
    uuid: one("uuid") ?? randomUUID(),
    type: readType(one("type"), one("builder")),
    memory,
    maxMemory: Number(one("maxmem") ?? memory),
    vcpus: Number(one("vcpus") ?? "1"),
    passthrough: one("passthrough"),
    devices: specs.flatMap(({ device }) => device ?? []),
    badDevices: specs.flatMap(({ spec, device }) => (device ? [] : [spec])),
  };
}

/** Keys and the minor version of Xen 4 that they came with; an older xl passes over what it does not know, up to 4.14. */
const SPEC_KEYS: Readonly<Record<string, number>> = {
  permissive: 2,
  seize: 5,
  rdm_policy: 6,
  bdf: 15,
  vslot: 15,
  name: 15,
};

/** A PCI_SPEC_STRING (docs/man/xl-pci-configuration.5.pod, 4.17) as the xl of Xen 4.`minor` reads it; undefined when it refuses. */
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
  for (const [at, part] of text.split(",").entries()) {
    const [, key = "", value = ""] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const set = Number.parseInt(value, 10) !== 0 && !Number.isNaN(Number.parseInt(value, 10));
    if ((SPEC_KEYS[key] ?? 0) > minor) continue;
    if (key === "" || key === "bdf") {
      if (key === "" && at > 0) return undefined;
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

function readType(type: string | undefined, builder: string | undefined): DomainConfig["type"] {
  if (type === "hvm" || type === "pvh" || type === "pv") return type;
  return builder === "hvm" ? "hvm" : "pv";
}

function readAssignments(text: string): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  const tokens = [...tokensOf(text)];
  let at = 0;
  const fail = () => new ConfigSyntaxError(tokens[at]?.line ?? tokens.at(-1)?.line ?? 1);
  const take = () => tokens[at++]?.text;
  const skipLines = () => {
    while (tokens[at]?.text === "\n") at++;
  };
  while (at < tokens.length) {
    const name = take();
    if (name === "\n" || name === ";") continue;
    if (!name || !/^[A-Za-z_]/.test(name)) throw fail();
    const appended = tokens[at]?.text === "+" && ++at > 0;
    if (take() !== "=") throw fail();
    const before = appended ? values.get(name) : undefined;
    if (tokens[at]?.text !== "[") {
      const value = take();
      if (value === undefined || /^[\n;\],=+]$/.test(value)) throw fail();
      values.set(name, (typeof before === "string" ? before : "") + unquote(value));
    } else {
      at++;
      const list: string[] = [];
      for (skipLines(); tokens[at]?.text !== "]"; skipLines()) {
        const value = take();
        if (value === undefined || /^[;\],=+]$/.test(value)) throw fail();
        list.push(unquote(value));
        skipLines();
        if (tokens[at]?.text === ",") at++;
        else if (tokens[at]?.text !== "]") throw fail();
      }
      at++;
      values.set(name, [...(Array.isArray(before) ? (before as readonly string[]) : []), ...list]);
    }
    const end = tokens[at]?.text;
    if (end !== undefined && end !== "\n" && end !== ";") throw fail();
  }
  return values;
}

function* tokensOf(text: string): Generator<{ text: string; line: number }> {
  let line = 1;
  // Newlines are tokens: blanks are skipped by hand, since \s would swallow them.
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? "";
    if (character === "#") {
      while (at < text.length && text[at] !== "\n") at++;
    } else if (/[ \t\r]/.test(character)) at++;
    else {
      TOKEN.lastIndex = at;
      const match = TOKEN.exec(text);
      const token = match?.[1] ?? match?.[2] ?? match?.[3];
      if (!match || token === undefined) throw new ConfigSyntaxError(line);
      yield { text: token, line };
      if (token === "\n") line++;
      at += match[0].length;
    }
  }
}

function unquote(token: string): string {
  return /^["']/.test(token) ? token.slice(1, -1).replace(/\\(.)/g, "$1") : token;
}
