import type { TextFile } from "../../../boot/text-file";
import { type ClaimEntry, type EntryOf, entriesOf } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import { type PciAddress, type PciTarget, targets } from "../../../pci/address";
import type { AttachOptions } from "../../../vm-text/attach-options";
import { coversFunction, namesFunction, type PciSpec } from "../../../vm-text/spec-string";
import { type PciEntry, parseXlConfig } from "../../../vm-text/xl-config";
import {
  addPciEntry,
  NO_ADDITIONS,
  removePciEntry,
  replacePciEntry,
  restorePassthrough,
  setPassthrough,
  type XlAdditions,
  type XlEdit,
} from "../../../vm-text/xl-config-edit";
import type { ConfigLanguage } from "../../../vm-text/xl-config-language";
import { allEntries } from "../../claim";

/** The entries of a claim in a VM's own configuration file. */
export type VmFileEntry = EntryOf<"vm-file"> | EntryOf<"vm-file-passthrough">;

/** The entries of an attachment's claim in the configuration of its VM, wherever that file is by now. */
export function entriesInVm(entries: readonly ClaimEntry[]): readonly VmFileEntry[] {
  return [...entriesOf(entries, "vm-file"), ...entriesOf(entries, "vm-file-passthrough")];
}

/** The entries of all claims in this VM configuration. */
function entriesInFile(facts: HostFacts, path: string): readonly VmFileEntry[] {
  return entriesInVm(allEntries(facts)).filter((entry) => entry.path === path);
}

/** What a VM configuration should have for an attachment. */
export interface WantedEntries {
  readonly addresses: readonly PciAddress[];
  readonly options: AttachOptions;
  /** Whether the VM must start with passthrough enabled even without an entry. */
  readonly passthrough: boolean;
  readonly language: ConfigLanguage;
}

/**
 * The new text of a VM configuration with the entries that the claim then has in it, or the line that cannot be edited.
 */
export type ConfigEdit =
  | { readonly kind: "edited"; readonly text: string; readonly entries: readonly VmFileEntry[] }
  | { readonly kind: "error"; readonly line: number; readonly reason: string };

/** Adds the wanted entries to a VM configuration, and removes entries of the claim that are no longer wanted. */
export function withEntries(
  facts: HostFacts,
  file: TextFile,
  claimed: readonly VmFileEntry[],
  wanted: WantedEntries,
): ConfigEdit {
  const { language } = wanted;
  const draft = new Draft(file.text, additionsIn(facts, file.target, claimed), language);
  /** The functions that have one of our entries, each with the user's entry that it replaced. */
  const inserted = new Map(entriesOf(claimed, "vm-file").map(({ address, undo }) => [address, undo.instead]));
  let passthrough = entriesOf(claimed, "vm-file-passthrough").length > 0;
  const unwanted = claimed.filter((entry) => !isWanted(entry, wanted));
  draft.remove(unwanted, othersNeedPassthrough(facts, file.target, claimed));
  for (const address of wanted.addresses) {
    const spec: PciSpec = { device: { kind: "function", address }, options: wanted.options, unknown: [] };
    const present = draft.entry(address);
    const given = present ?? draft.slotEntry(address);
    if (given && sameOptions(given.spec?.options ?? {}, wanted.options, draft.defaults())) continue;
    if (present) {
      if (!inserted.has(address)) inserted.set(address, draft.raw(present));
      draft.edit((text, additions) => replacePciEntry(text, address, spec, additions, language));
    } else {
      inserted.set(address, undefined);
      draft.edit((text, additions) => addPciEntry(text, spec, additions, language));
    }
  }
  if (wanted.passthrough && !draft.allowsHotPlug()) {
    passthrough = true;
    draft.edit((text, additions) => setPassthrough(text, "enabled", additions, language));
  }
  return draft.result((additions) => [
    ...[...inserted].flatMap(([address, instead]): VmFileEntry[] =>
      wanted.addresses.includes(address)
        ? [
            {
              kind: "vm-file",
              path: file.target,
              address,
              undo: instead === undefined ? { additions } : { additions, instead },
            },
          ]
        : [],
    ),
    ...(passthrough && wanted.passthrough
      ? [{ kind: "vm-file-passthrough", path: file.target, undo: { additions } } as const]
      : []),
  ]);
}

/** Removes all entries of a claim from a VM configuration. */
export function withoutEntries(
  facts: HostFacts,
  file: TextFile,
  claimed: readonly VmFileEntry[],
  language: ConfigLanguage,
): ConfigEdit {
  const draft = new Draft(file.text, additionsIn(facts, file.target, claimed), language);
  draft.remove(claimed, othersNeedPassthrough(facts, file.target, claimed));
  return draft.result(() => []);
}

/** Whether a VM configuration names a function of the target; false for a file that cannot be read. */
export function isConfigured(file: TextFile, target: PciTarget, language: ConfigLanguage): boolean {
  const config = parseXlConfig(file.text, language);
  if (config.kind === "error") return false;
  return config.pci.some(({ spec }) => {
    if (spec?.device.kind === "function") return targets(target, spec.device.address);
    return (
      spec?.device.kind === "slot" &&
      (target.kind === "slot" ? target.slot : target.address).startsWith(spec.device.slot)
    );
  });
}

/** Why a VM configuration cannot be edited, for people. */
export function notEditable(path: string, { line, reason }: Extract<ConfigEdit, { kind: "error" }>): string {
  return `${path} cannot be edited: line ${line}: ${reason}. Fix that line first`;
}

/** A VM configuration that is edited in several steps; the first failure is the result. */
class Draft {
  private failed: Extract<XlEdit, { kind: "error" }> | undefined;

  constructor(
    private text: string,
    private additions: XlAdditions,
    private readonly language: ConfigLanguage,
  ) {}

  edit(change: (text: string, additions: XlAdditions) => XlEdit): void {
    if (this.failed) return;
    const edit = change(this.text, this.additions);
    if (edit.kind === "error") this.failed = edit;
    else ({ text: this.text, additions: this.additions } = edit);
  }

  /** In the reverse order of adding, so that each removal finds the text that its addition left. */
  remove(entries: readonly VmFileEntry[], keepPassthrough: boolean): void {
    for (const entry of [...entries].reverse()) {
      if (entry.kind === "vm-file-passthrough") {
        if (!keepPassthrough) this.edit((text, additions) => restorePassthrough(text, additions, this.language));
      } else this.removeEntry(entry);
    }
  }

  private removeEntry({ address, undo: { instead } }: EntryOf<"vm-file">): void {
    const present = this.entry(address);
    if (instead !== undefined && present) {
      const text = this.text.slice(0, present.start) + instead + this.text.slice(present.end);
      this.edit((_, additions) => ({ kind: "edited", text, additions }));
    } else {
      this.edit((text, additions) => removePciEntry(text, address, additions, this.language));
    }
  }

  entry(address: PciAddress): PciEntry | undefined {
    const config = parseXlConfig(this.text, this.language);
    return config.kind === "error" ? undefined : config.pci.find((entry) => namesFunction(entry.spec, address));
  }

  /** The entry that gives the VM the whole slot of a function; undefined when there is none. */
  slotEntry(address: PciAddress): PciEntry | undefined {
    const config = parseXlConfig(this.text, this.language);
    return config.kind === "error" ? undefined : config.pci.find((entry) => coversFunction(entry.spec, address));
  }

  defaults(): AttachOptions {
    const config = parseXlConfig(this.text, this.language);
    return config.kind === "error" ? {} : config.pciDefaults;
  }

  raw(entry: PciEntry): string {
    return this.text.slice(entry.start, entry.end);
  }

  allowsHotPlug(): boolean {
    const config = parseXlConfig(this.text, this.language);
    return config.kind === "config" && (config.passthrough === "enabled" || config.pci.length > 0);
  }

  result(entries: (additions: XlAdditions) => readonly VmFileEntry[]): ConfigEdit {
    return this.failed ?? { kind: "edited", text: this.text, entries: entries(this.additions) };
  }
}

/**
 * What was added to the file besides entries, from all claims: each records what had been added when it was written.
 */
function additionsIn(facts: HostFacts, path: string, claimed: readonly VmFileEntry[]): XlAdditions {
  const paths = [path, ...claimed.map((entry) => entry.path)];
  const all = paths.flatMap((place) => entriesInFile(facts, place)).map(({ undo }) => undo.additions);
  const passthrough = all.find((additions) => additions.passthrough)?.passthrough;
  return {
    ...NO_ADDITIONS,
    pci: all.some(({ pci }) => pci),
    newline: all.some(({ newline }) => newline),
    ...(passthrough
      ? {
          passthrough: {
            value: passthrough.value,
            ...(passthrough.instead === undefined ? {} : { instead: passthrough.instead }),
          },
        }
      : {}),
  };
}

function othersNeedPassthrough(facts: HostFacts, path: string, claimed: readonly VmFileEntry[]): boolean {
  const needing = (entries: readonly VmFileEntry[]) => entriesOf(entries, "vm-file-passthrough").length;
  return needing(entriesInFile(facts, path)) > needing(claimed.filter((entry) => entry.path === path));
}

function isWanted(entry: VmFileEntry, wanted: WantedEntries): boolean {
  return entry.kind === "vm-file-passthrough" ? wanted.passthrough : wanted.addresses.includes(entry.address);
}

/** Options that an entry does not set come from `pci_permissive` and the like; otherwise they are off. */
function sameOptions(a: AttachOptions, b: AttachOptions, defaults: AttachOptions): boolean {
  const names = ["permissive", "msitranslate", "powerManagement", "seize", "rdmPolicy", "vslot"] as const;
  return names.every(
    (name) => ((a[name] ?? defaults[name]) || undefined) === ((b[name] ?? defaults[name]) || undefined),
  );
}
