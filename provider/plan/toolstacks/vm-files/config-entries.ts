import { z } from "zod";
import type { TextFile } from "../../../boot/text-file";
import type { Claim } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";
import { type PciAddress, type PciTarget, targets } from "../../../pci/address";
import type { AttachOptions } from "../../../vm-text/attach-options";
import { namesFunction, type PciSpec } from "../../../vm-text/spec-string";
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

type Entry = Claim["entries"][number];

/** What the pci list of one VM configuration should have of a claim's. */
export interface WantedEntries {
  readonly addresses: readonly PciAddress[];
  readonly options: AttachOptions;
  /** Whether the VM must start with passthrough enabled although it has no entry. */
  readonly passthrough: boolean;
  readonly language: ConfigLanguage;
}

/** The new text of a VM configuration, and the entries that the claim has in it from then on. */
export type ConfigEdit =
  | { readonly kind: "edited"; readonly text: string; readonly entries: readonly Entry[] }
  | { readonly kind: "error"; readonly line: number; readonly reason: string };

/** The entry of a claim that stands for `passthrough="enabled"`. */
const PASSTHROUGH = "passthrough";

/** How an entry is taken back; kept in claims for as long as they live. */
const Undo = z.object({
  additions: z.object({
    pci: z.boolean(),
    passthrough: z.object({ value: z.string(), instead: z.string().optional() }).optional(),
    newline: z.boolean(),
  }),
  /** The user's own entry, with its quotes, that ours stands in for. */
  instead: z.string().optional(),
});

/** Gives a VM configuration the wanted entries, and takes out those of the claim that are not wanted any more. */
export function withEntries(
  facts: HostFacts,
  file: TextFile,
  ours: readonly Entry[],
  wanted: WantedEntries,
): ConfigEdit {
  const { language } = wanted;
  const draft = new Draft(file.text, additionsOf(facts, file.target), language);
  const inserted = new Map(ours.map((entry) => [entry.entry, undoOf(entry)?.instead]));
  const unwanted = ours.filter((entry) => !isWanted(entry, wanted));
  draft.remove(unwanted, othersNeedPassthrough(facts, file.target, ours));
  for (const address of wanted.addresses) {
    const spec: PciSpec = { device: { kind: "function", address }, options: wanted.options, unknown: [] };
    const present = draft.entry(address);
    if (present && sameOptions(present.spec?.options ?? {}, wanted.options, draft.defaults())) continue;
    if (present) {
      if (!inserted.has(address)) inserted.set(address, draft.raw(present));
      draft.edit((text, additions) => replacePciEntry(text, address, spec, additions, language));
    } else {
      inserted.set(address, undefined);
      draft.edit((text, additions) => addPciEntry(text, spec, additions, language));
    }
  }
  if (wanted.passthrough && !draft.allowsHotPlug()) {
    inserted.set(PASSTHROUGH, undefined);
    draft.edit((text, additions) => setPassthrough(text, "enabled", additions, language));
  }
  return draft.result((additions) =>
    [...inserted]
      .filter(([entry]) => isWanted({ entry }, wanted))
      .map(([entry, instead]) => ({
        path: file.target,
        entry,
        undo: instead === undefined ? { additions } : { additions, instead },
      })),
  );
}

/** Takes all entries of a claim out of a VM configuration again. */
export function withoutEntries(
  facts: HostFacts,
  file: TextFile,
  ours: readonly Entry[],
  language: ConfigLanguage,
): ConfigEdit {
  const draft = new Draft(file.text, additionsOf(facts, file.target), language);
  draft.remove(ours, othersNeedPassthrough(facts, file.target, ours));
  return draft.result(() => []);
}

/** Whether a VM configuration names a function of the target. */
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
  return `${path} cannot be edited: line ${line}: ${reason}`;
}

/** A VM configuration on its way through several edits; the first one that fails decides. */
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

  /** In the reverse order of adding, so that each edit finds the text that its own left. */
  remove(entries: readonly Entry[], keepPassthrough: boolean): void {
    for (const entry of [...entries].reverse()) {
      const address = entry.entry as PciAddress;
      const instead = undoOf(entry)?.instead;
      const present = this.entry(address);
      if (entry.entry === PASSTHROUGH) {
        if (!keepPassthrough) this.edit((text, additions) => restorePassthrough(text, additions, this.language));
      } else if (instead !== undefined && present) {
        const text = this.text.slice(0, present.start) + instead + this.text.slice(present.end);
        this.edit((_, additions) => ({ kind: "edited", text, additions }));
      } else {
        this.edit((text, additions) => removePciEntry(text, address, additions, this.language));
      }
    }
  }

  entry(address: PciAddress): PciEntry | undefined {
    const config = parseXlConfig(this.text, this.language);
    return config.kind === "error" ? undefined : config.pci.find((entry) => namesFunction(entry.spec, address));
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

  result(entries: (additions: XlAdditions) => readonly Entry[]): ConfigEdit {
    return this.failed ?? { kind: "edited", text: this.text, entries: entries(this.additions) };
  }
}

/** What of the file is ours besides entries: every claim with entries in it knows what was added before it. */
function additionsOf(facts: HostFacts, path: string): XlAdditions {
  const all = facts.claims
    .flatMap(({ claim }) => claim.entries)
    .filter((entry) => entry.path === path)
    .flatMap((entry) => undoOf(entry)?.additions ?? []);
  const passthrough = all.find((one) => one.passthrough)?.passthrough;
  return {
    ...NO_ADDITIONS,
    pci: all.some((one) => one.pci),
    newline: all.some((one) => one.newline),
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

function othersNeedPassthrough(facts: HostFacts, path: string, ours: readonly Entry[]): boolean {
  const needing = (entries: readonly Entry[]) =>
    entries.filter((entry) => entry.path === path && entry.entry === PASSTHROUGH).length;
  return needing(facts.claims.flatMap(({ claim }) => claim.entries)) > needing(ours);
}

function isWanted({ entry }: Pick<Entry, "entry">, wanted: WantedEntries): boolean {
  return entry === PASSTHROUGH ? wanted.passthrough : wanted.addresses.some((address) => address === entry);
}

function undoOf(entry: Entry): z.infer<typeof Undo> | undefined {
  return Undo.safeParse(entry.undo).data;
}

/** What an entry does not say, `pci_permissive` and the like say for it; what nobody says is off. */
function sameOptions(a: AttachOptions, b: AttachOptions, defaults: AttachOptions): boolean {
  const names = ["permissive", "msitranslate", "powerManagement", "seize", "rdmPolicy", "vslot"] as const;
  return names.every(
    (name) => ((a[name] ?? defaults[name]) || undefined) === ((b[name] ?? defaults[name]) || undefined),
  );
}
