import type { TextFile } from "../../../boot/text-file";
import { fromBytes } from "../../../bytes";
import { type Domain, runningDomains } from "../../../facts/domains";
import type { HostFiles } from "../../../facts/files";
import type { HostFacts } from "../../../facts/host-facts";
import { isNoVm, vmConfigs } from "../../../facts/vm-configs";
import { keptByObject } from "../../../kept-by-object";
import { parseXlConfig, type XlConfig } from "../../../vm-text/xl-config";
import type { ConfigLanguage } from "../../../vm-text/xl-config-language";
import { vmsInstead } from "../../no-such-vm";
import type { FoundVm, HostVm } from "../../vm-planner";
import type { FileToolstack } from "./file-toolstack";

/** A VM with its configuration file, its running domain, or both. */
export interface FileVm extends HostVm {
  readonly config: { readonly file: TextFile; readonly parsed: XlConfig } | undefined;
  readonly domain: Domain | undefined;
}

/**
 * Finds a VM by name, uuid, or the path of its configuration file. Programs, and so `wanted`, are in UTF-8; files are
 * bytes.
 */
export function findVm({ name: reader, language }: FileToolstack, facts: HostFacts, wanted: string): FoundVm<FileVm> {
  // Whether it runs, and what it has then, decides how it gets a device and how it gives one back.
  if (facts.domains.kind === "unlisted") return { kind: "unreadable", reason: facts.domains.reason };
  const { whyNoVmConfigs } = facts.files;
  if (whyNoVmConfigs !== undefined) return { kind: "unreadable", reason: whyNoVmConfigs };
  const { configs, readable } = configsIn(language)(facts.files);
  if (wanted.startsWith("/")) {
    const config = configs.find(({ file }) => [file.path, file.target].map(fromBytes).includes(wanted));
    if (!config)
      return {
        kind: "missing",
        reason: `the host has no file ${wanted}. Set vm to an existing file, or to the name or uuid of a VM`,
      };
    if (config.parsed.kind === "error") return unreadable(reader, config.file, config.parsed);
    return found(facts, { file: config.file, parsed: config.parsed });
  }

  const matching = readable.filter(({ name, parsed }) => name === wanted || sameUuid(parsed.uuid, wanted));
  const [config, second] = matching;
  if (second) {
    const places = matching.map(({ file }) => file.target).join(", ");
    return {
      kind: "several",
      reason: `several VMs are called "${wanted}": ${places}. Name one by its uuid or its file`,
    };
  }
  if (config) return found(facts, config);
  const domain = runningDomains(facts).find(({ name, uuid }) => name === wanted || sameUuid(uuid, wanted));
  if (domain) {
    const { name, uuid } = domain;
    return { kind: "found", vm: { name, key: uuid ?? name, running: true, config: undefined, domain } };
  }

  const damaged = configs.find(
    ({ file, parsed }) => parsed.kind === "error" && !isNoVm(file) && fromBytes(file.text).includes(wanted),
  );
  if (damaged?.parsed.kind === "error") return unreadable(reader, damaged.file, damaged.parsed);
  const known = readable.filter(({ parsed }) => parsed.name !== undefined).map(({ name }) => name);
  return {
    kind: "missing",
    reason: `the host has no VM "${wanted}". Set vm to a name, a uuid or a file${vmsInstead(wanted, known, "/etc/xen")}`,
  };
}

/** The VM configurations of a host, and those that are readable: every plan of every resource looks through them. */
const configsIn = keptByObject((language: ConfigLanguage) =>
  keptByObject((files: HostFiles) => {
    const configs = vmConfigs(files).map((file) => ({ file, parsed: parseXlConfig(file.text, language) }));
    const readable = configs.flatMap(({ file, parsed }) =>
      parsed.kind === "config" && !isNoVm(file) ? [{ file, parsed, name: nameOf(parsed) }] : [],
    );
    return { configs, readable };
  }),
);

function found(facts: HostFacts, config: { readonly file: TextFile; readonly parsed: XlConfig }): FoundVm<FileVm> {
  const name = nameOf(config.parsed);
  const { uuid } = config.parsed;
  const domain = runningDomains(facts).find((running) =>
    uuid === undefined ? running.name === name : sameUuid(uuid, running.uuid ?? ""),
  );
  return {
    kind: "found",
    vm: { name, key: uuid?.toLowerCase() ?? name, running: domain !== undefined, config, domain },
  };
}

function unreadable(
  reader: string,
  file: TextFile,
  error: { readonly line: number; readonly reason: string },
): FoundVm<FileVm> {
  return {
    kind: "unreadable",
    reason:
      reader === "xl"
        ? `${file.path} is not a valid VM configuration: line ${error.line}: ${error.reason}. xl would not start this VM either; fix that line first`
        : `${file.path} is Python code that cannot be read without running it: line ${error.line}: ${error.reason}. Write it as a plain value or list`,
  };
}

/** The name in UTF-8, as programs and messages have it. */
function nameOf(config: XlConfig): string {
  return fromBytes(config.name ?? "");
}

/** xl accepts uuids with any grouping of the digits (libxl_uuid.c, 4.17: uuid_from_string takes the dashes out). */
function sameUuid(a: string | undefined, b: string): boolean {
  const digits = (text: string) => text.replaceAll("-", "").toLowerCase();
  return a !== undefined && /^[0-9a-f]{32}$/.test(digits(a)) && digits(a) === digits(b);
}
