import { readEnvironmentBlock } from "../boot/environment-block";
import { defaultGrubEntry, grubConfigLines } from "../boot/grub-config";
import { addToGrubDefaults, grubDefaultsLine, removeFromGrubDefaults } from "../boot/grub-defaults";
import type { ArgumentEdit, FilesEdit, KernelLine } from "../boot/kernel-line";
import { defaultLegacyEntry, editLegacyGrub, legacyCommandLines } from "../boot/legacy-grub";
import { editLoaderEntries, loaderEntryLines } from "../boot/loader-entries";
import type { Regeneration } from "../claims/run-record";
import {
  grubConfigOf,
  grubConfigs,
  grubDefaultsOf,
  grubEnvironmentOf,
  kernelCommandLineFileOf,
  legacyGrubOf,
  loaderEntriesOf,
  systemdBootEntriesOf,
} from "../facts/boot";
import { type HostFiles, withFile } from "../facts/files";
import type { HostFacts } from "../facts/host-facts";
import { bootLoaderOf } from "./boot-loader";

/**
 * The files that hold the arguments, with their old and new texts, or why they cannot be edited. Undefined text means
 * no file.
 */
export type BootArgumentsEdit =
  | {
      readonly kind: "edited";
      readonly edits: readonly {
        readonly path: string;
        readonly before: string | undefined;
        readonly after: string | undefined;
      }[];
      /** What has to be rebuilt before the boot loader sees the change. */
      readonly regenerate: readonly Regeneration[];
    }
  | { readonly kind: "error"; readonly reason: string };

// Xen gives dom0 1024 bytes with the NUL (MAX_GUEST_CMDLINE, xen/include/public/xen.h), x86 takes 2048
// (COMMAND_LINE_SIZE); the rest is cut off, even in the middle of a word.
const LONGEST = { linux: 2047, dom0: 1023, xen: 2047 } as const;

/**
 * The command lines that the boot loader has for this kernel now, one per entry, except entries for recovery. Empty
 * when no entry boots it, or when the boot loader is not recognised.
 */
export function bootLines(facts: HostFacts, line: KernelLine): readonly string[] {
  const loader = bootLoaderOf(facts);
  if (loader.kind === "unknown") return [];
  if (loader.kind !== "grub") {
    if (line !== "linux") return [];
    if (loader.kind === "proxmox-boot-tool") return [kernelCommandLineOf(facts) ?? ""];
    return loaderEntryLines({ entries: systemdBootEntriesOf(facts.files), grubenv: undefined });
  }
  const legacy = legacyGrubOf(facts.files);
  if (legacy) return legacyCommandLines(legacy.text, line);
  const entries = loaderEntriesOf(facts.files);
  if (line === "linux" && entries.length > 0) {
    return loaderEntryLines({ entries, grubenv: grubEnvironmentOf(facts.files) });
  }
  const config = grubConfigOf(facts.boot, facts.files);
  return config ? grubConfigLines(config.text, line) : [];
}

/** The entry that boots by default; undefined when the files do not say which one that is. */
export function defaultBootEntry(
  facts: HostFacts,
): { readonly title: string; readonly boots: "xen" | "linux" | "other" } | undefined {
  if (bootLoaderOf(facts).kind !== "grub") return undefined;
  const legacy = legacyGrubOf(facts.files);
  if (legacy) return defaultLegacyEntry(legacy.text);
  const config = grubConfigOf(facts.boot, facts.files);
  const environment = readEnvironmentBlock(grubEnvironmentOf(facts.files)?.text ?? "");
  return config && defaultGrubEntry(config.text, environment ?? new Map());
}

/**
 * The command line that entries of kernels installed later will get; undefined when only the existing entries define
 * one.
 */
export function futureBootLine(facts: HostFacts, line: KernelLine): string | undefined {
  const loader = bootLoaderOf(facts);
  if (loader.kind !== "grub") return line === "linux" ? kernelCommandLineOf(facts) : undefined;
  const defaults = legacyGrubOf(facts.files) ? undefined : grubDefaultsOf(facts.boot, facts.files);
  return defaults && grubDefaultsLine(defaults, line);
}

/**
 * Adds an argument to every command line of this kernel, or removes it: in the source files, and in entries that are
 * not generated.
 */
export function editBootArguments(
  facts: HostFacts,
  line: KernelLine,
  change: ArgumentEdit,
  how: "add" | "remove",
): BootArgumentsEdit {
  const loader = bootLoaderOf(facts);
  if (loader.kind === "unknown") return { kind: "error", reason: loader.reason };
  if (loader.kind !== "grub") {
    if (line !== "linux") return { kind: "error", reason: notRecognised(facts, line) };
    const files = editSystemdBoot(facts, loader.kind, change);
    const regenerate = loader.kind === "proxmox-boot-tool" ? [{ what: "proxmox-boot" } as const] : [];
    return files.kind === "error" ? files : within(facts, line, files, regenerate);
  }
  const legacy = legacyGrubOf(facts.files);
  if (legacy) {
    const edit = editLegacyGrub(legacy.text, line, change);
    if (edit.kind === "error") return { kind: "error", reason: `${legacy.path}: ${edit.reason}` };
    return within(facts, line, { kind: "edited", texts: new Map([[legacy.path, edit.text]]) }, []);
  }
  const defaults = grubDefaultsOf(facts.boot, facts.files);
  const sources: FilesEdit = defaults
    ? how === "add"
      ? addToGrubDefaults(defaults, line, change)
      : removeFromGrubDefaults(defaults, line, change)
    : { kind: "edited", texts: new Map() };
  if (sources.kind === "error") return sources;

  const entries = loaderEntriesOf(facts.files);
  if (line === "linux" && entries.length > 0) {
    const edit = editLoaderEntries({ entries, grubenv: grubEnvironmentOf(facts.files) }, change);
    if (edit.kind === "error") return edit;
    const future = editKernelCommandLine(facts, change);
    if (future.kind === "error") return future;
    const texts = new Map([...sources.texts, ...edit.texts, ...future.texts]);
    return within(facts, line, { kind: "edited", texts }, []);
  }
  const config = grubConfigOf(facts.boot, facts.files);
  if (!config || !defaults) return { kind: "error", reason: notRecognised(facts, line) };
  if (how === "add" && bootLines(facts, line).length === 0) {
    return {
      kind: "error",
      reason: `${config.path} has no entry that boots ${line === "linux" ? "a kernel without Xen" : "Xen"}`,
    };
  }
  return within(facts, line, sources, [{ what: "grub-config", path: config.target }]);
}

function editSystemdBoot(
  facts: HostFacts,
  kind: "systemd-boot" | "proxmox-boot-tool",
  change: ArgumentEdit,
): FilesEdit {
  const future = editKernelCommandLine(facts, change);
  if (future.kind === "error" || kind === "proxmox-boot-tool") return future;
  const entries = editLoaderEntries({ entries: systemdBootEntriesOf(facts.files), grubenv: undefined }, change);
  return entries.kind === "error" ? entries : { kind: "edited", texts: new Map([...entries.texts, ...future.texts]) };
}

/** Only the first line of /etc/kernel/cmdline counts for proxmox-boot-tool; kernel-install joins them all. */
function editKernelCommandLine({ files }: HostFacts, change: ArgumentEdit): FilesEdit {
  const file = kernelCommandLineFileOf(files);
  if (!file) return { kind: "edited", texts: new Map() };
  const [, text = "", end = ""] = /^([^\n]*?)(\s*(?:\n[\s\S]*)?)$/.exec(file.text) ?? [];
  const edit = change.edit(text, file.path);
  return edit.kind === "error"
    ? { kind: "error", reason: `${file.path}: ${edit.reason}` }
    : { kind: "edited", texts: new Map([[file.path, edit.text + end]]) };
}

function kernelCommandLineOf({ files }: HostFacts): string | undefined {
  return kernelCommandLineFileOf(files)?.text.split("\n")[0];
}

function within(
  facts: HostFacts,
  line: KernelLine,
  files: Extract<FilesEdit, { kind: "edited" }>,
  regenerate: readonly Regeneration[],
): BootArgumentsEdit {
  const edits = [...files.texts].flatMap(([path, after]) => {
    const file = facts.files.byPath.get(path);
    return file?.text === after ? [] : [{ path: file?.target ?? path, before: file?.text, after }];
  });
  const edited = { ...facts, files: withTexts(facts.files, files.texts) };
  const growth = (futureBootLine(edited, line) ?? "").length - (futureBootLine(facts, line) ?? "").length;
  const longest = Math.max(
    0,
    ...bootLines(edited, line).map(({ length }) => length + (regenerate.length > 0 ? growth : 0)),
  );
  if (longest > LONGEST[line] && longest > Math.max(0, ...bootLines(facts, line).map(({ length }) => length))) {
    return {
      kind: "error",
      reason: `its command line would have ${longest} characters, and ${line === "dom0" ? "Xen passes" : "the kernel accepts"} at most ${LONGEST[line]}: the end would be cut off. Hide a whole slot with one entry, or remove other arguments`,
    };
  }
  return { kind: "edited", edits, regenerate };
}

function withTexts(files: HostFiles, texts: ReadonlyMap<string, string | undefined>): HostFiles {
  return [...texts].reduce(
    (withEdits, [path, text]) => withFile(withEdits, files.byPath.get(path)?.target ?? path, text),
    files,
  );
}

function notRecognised(facts: HostFacts, line: KernelLine): string {
  const [config] = grubConfigs(facts.files);
  const found = config
    ? `${config.path} was not made by grub-mkconfig from /etc/default/grub`
    : "no grub.cfg, grub.conf, menu.lst or boot loader entry was found in the known places";
  const who = line === "xen" ? "Xen" : line === "dom0" ? "the kernel under Xen" : "the kernel";
  return `its boot loader configuration is not recognised: ${found}. Add the argument for ${who} to the boot loader by hand; an argument that is already there is adopted`;
}
