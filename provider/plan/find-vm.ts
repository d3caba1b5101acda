import { fromBytes } from "../bytes";
import type { Domain } from "../facts/domains";
import type { HostFacts } from "../facts/host-facts";
import type { TextFile } from "../facts/text-files";
import type { PciAddress } from "../pci/address";
import { namesFunction } from "../pci/spec-string";
import { parseXlConfig, type XlConfig } from "../pci/xl-config";

/** A VM of the host: its configuration file, its running domain, or both. */
export interface Vm {
  readonly name: string;
  /** What names the VM for ever: its uuid; its name where the configuration gives no uuid. */
  readonly key: string;
  readonly config: { readonly file: TextFile; readonly parsed: XlConfig } | undefined;
  readonly domain: Domain | undefined;
}

export type FoundVm =
  | { readonly kind: "found"; readonly vm: Vm }
  | { readonly kind: "missing"; readonly reason: string }
  | { readonly kind: "several"; readonly reason: string }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Finds a VM by name, uuid, or the path of its configuration file. */
export function findVm(facts: HostFacts, wanted: string): FoundVm {
  const configs = facts.vmConfigs.map((file) => ({ file, parsed: parseXlConfig(file.text) }));
  if (wanted.startsWith("/")) {
    const config = configs.find(({ file }) => [file.path, file.target].map(fromBytes).includes(wanted));
    if (!config) return { kind: "missing", reason: `the host has no file ${wanted}` };
    if (config.parsed.kind === "error") return unreadable(config.file, config.parsed);
    return found(facts, { file: config.file, parsed: config.parsed });
  }

  const readable = configs.flatMap(({ file, parsed }) => (parsed.kind === "config" ? [{ file, parsed }] : []));
  const matching = readable.filter(({ parsed }) => nameOf(parsed) === wanted || sameUuid(parsed.uuid, wanted));
  const [config, second] = matching;
  if (second) {
    const places = matching.map(({ file }) => file.target).join(", ");
    return {
      kind: "several",
      reason: `several VMs are called "${wanted}": ${places}. Name one by its uuid or its file`,
    };
  }
  if (config) return found(facts, config);
  const domain = facts.domains.find((one) => one.name === wanted || sameUuid(one.uuid, wanted));
  if (domain)
    return { kind: "found", vm: { name: domain.name, key: domain.uuid ?? domain.name, config: undefined, domain } };

  const damaged = configs.find(({ file, parsed }) => parsed.kind === "error" && fromBytes(file.text).includes(wanted));
  if (damaged?.parsed.kind === "error") return unreadable(damaged.file, damaged.parsed);
  const known = readable.map(({ file, parsed }) => `\n  "${nameOf(parsed)}" in ${file.path}`).join("");
  return {
    kind: "missing",
    reason: `the host has no VM "${wanted}". Name one by its name, its uuid or its file. The VMs of /etc/xen are:${known || " none"}`,
  };
}

export function vmKeyOf(facts: HostFacts, wanted: string): string | undefined {
  const found = findVm(facts, wanted);
  return found.kind === "found" ? found.vm.key : undefined;
}

export function attachedVmName(facts: HostFacts, wanted: string): string {
  const found = findVm(facts, wanted);
  return found.kind === "found" ? found.vm.name : wanted;
}

export function runningDomain(facts: HostFacts, wanted: string): Domain | undefined {
  const found = findVm(facts, wanted);
  return found.kind === "found" ? found.vm.domain : undefined;
}

export function isAttachedLive(facts: HostFacts, wanted: string, address: PciAddress): boolean {
  return runningDomain(facts, wanted)?.pciDevices.some((device) => device.address === address) ?? false;
}

export function isInConfig(facts: HostFacts, wanted: string, address: PciAddress): boolean {
  const found = findVm(facts, wanted);
  return (
    found.kind === "found" && (found.vm.config?.parsed.pci.some((entry) => namesFunction(entry.spec, address)) ?? false)
  );
}

function found(facts: HostFacts, config: { readonly file: TextFile; readonly parsed: XlConfig }): FoundVm {
  const name = nameOf(config.parsed);
  const { uuid } = config.parsed;
  const domain = facts.domains.find((one) => (uuid === undefined ? one.name === name : sameUuid(uuid, one.uuid ?? "")));
  return { kind: "found", vm: { name, key: uuid?.toLowerCase() ?? name, config, domain } };
}

function unreadable(file: TextFile, error: { readonly line: number; readonly reason: string }): FoundVm {
  return {
    kind: "unreadable",
    reason: `${file.path} is no valid VM configuration: line ${error.line}: ${error.reason}. xl would not start this VM either; mend it first`,
  };
}

/** For people, and as the program writes it. */
function nameOf(config: XlConfig): string {
  return fromBytes(config.name ?? "");
}

/** xl reads uuids with any grouping of the digits (libxl_uuid.c, 4.17: uuid_from_string takes the dashes out). */
function sameUuid(a: string | undefined, b: string): boolean {
  const digits = (text: string) => text.replaceAll("-", "").toLowerCase();
  return a !== undefined && /^[0-9a-f]{32}$/.test(digits(a)) && digits(a) === digits(b);
}
