/**
 * /etc/default/grub and its drop-ins: what grub-mkconfig makes command lines from (grub 2.12, util/grub-mkconfig.in,
 * 10_linux.in and 20_linux_xen.in). Drop-ins are read where the distribution added them (Debian and Ubuntu,
 * /etc/default/grub.d/*.cfg).
 */
import type { BootEdit } from "./boot-edit";
import { findArguments } from "./kernel-command-line";
import type { ArgumentEdit, FilesEdit, KernelLine, NamedText } from "./kernel-line";
import { mayAssign, readShellFile, type ShellAssignment, type ShellCode } from "./shell-assignments";
import { EXPANSION, expandedValue, literalValue, withLiteralValue } from "./shell-value";

/** Read first, on every distribution (util/grub-mkconfig.in). */
export const GRUB_DEFAULTS = "/etc/default/grub";

/** Sorts behind what distributions and clouds put there. */
export const OUR_DROP_IN = "/etc/default/grub.d/zz-pulumi-pci-passthrough.cfg";

/** The files that grub-mkconfig reads, in its order. */
export interface GrubDefaults {
  readonly files: readonly NamedText[];
  /** Whether it reads /etc/default/grub.d. */
  readonly dropIns: boolean;
}

const DROP_IN_HEADER = "# Kernel arguments for passing PCI devices to VMs (pulumi-pci-passthrough).\n";
const MARK = "# Added by pulumi-pci-passthrough:\n";

/** The command line that new entries of grub.cfg get, with EXPANSION for what only a shell can tell. */
export function grubDefaultsLine(defaults: GrubDefaults, line: KernelLine): string {
  const settings = readSettings(defaults.files);
  const [withRecovery, normal] = variablesOf(line, settings);
  return `${settings.get(withRecovery) ?? ""} ${settings.get(normal) ?? ""}`.trim();
}

/** Why these files cannot be edited; undefined when they can. */
export function grubDefaultsTrouble({ files }: GrubDefaults, line: KernelLine): string | undefined {
  const dos = files.find((file) => file.text.includes("\r"));
  if (dos) {
    return `${dos.path} has lines that end in a carriage return, which the shell takes as part of the values. Remove them: "sed -i 's/\\r$//' ${dos.path}"`;
  }
  const variables = usedVariables(line, readSettings(files));
  const conditional = assignmentsOf(files).find(
    ({ assignment }) => assignment.conditional && variables.includes(assignment.name),
  );
  if (conditional) {
    return `${conditional.file.path} sets ${conditional.assignment.name} under a condition, and only grub-mkconfig knows whether it holds. Set it unconditionally there`;
  }
  for (const file of files) {
    for (const code of readShellFile(file.text).code) {
      const variable = variables.find((name) => mayAssign(code, name));
      if (variable !== undefined) return whyNotFollowed(file, code, variable);
    }
  }
  return undefined;
}

/**
 * Makes the command line have an argument: where it stands already, else in a drop-in of ours, else in the last
 * assignment.
 */
export function addToGrubDefaults(defaults: GrubDefaults, line: KernelLine, change: ArgumentEdit): FilesEdit {
  const trouble = grubDefaultsTrouble(defaults, line);
  if (trouble !== undefined) return { kind: "error", reason: trouble };
  const settings = readSettings(defaults.files);
  const variables = variablesOf(line, settings);
  const checked = change.edit(grubDefaultsLine(defaults, line), line);
  if (checked.kind === "error")
    return { kind: "error", reason: `the command line made from ${GRUB_DEFAULTS}: ${checked.reason}` };
  const places = assignmentsOf(defaults.files).filter(({ assignment }) => variables.includes(assignment.name));
  const there = places.filter(({ assignment }) =>
    findArguments(literalValue(assignment), change.name).some((argument) => (argument.value ?? "") !== ""),
  );
  const [, normal] = variables;
  // The variable for recovery entries too only where it is the one in use: a way back without our arguments is worth
  // having.
  const last = [normal, ...variables].flatMap(
    (name) => places.filter((place) => place.assignment.name === name).at(-1) ?? [],
  )[0];
  const place =
    there.at(-1) ??
    (defaults.dropIns
      ? places.find((candidate) => candidate.file.path === OUR_DROP_IN && candidate.assignment.name === normal)
      : last);
  const edit = place ? editAssignment(place, change) : newAssignment(defaults, normal, change);
  if (edit.kind === "error") return { kind: "error", reason: edit.reason };
  const path = place?.file.path ?? (defaults.dropIns ? OUR_DROP_IN : GRUB_DEFAULTS);
  const after = withTexts(defaults, new Map([[path, edit.text]]));
  if (change.edit(grubDefaultsLine(after, line), line).kind === "error" || !sameLine(after, line, checked.text)) {
    return {
      kind: "error",
      reason: `a file read after ${path} sets ${variables.join(" or ")} again, so an argument there would have no effect. Put it into the last of ${defaults.files.map((file) => file.path).join(", ")}`,
    };
  }
  return { kind: "edited", texts: new Map([[path, edit.text]]) };
}

/** Takes an argument out wherever it stands; lines and files that were ours alone go. */
export function removeFromGrubDefaults(defaults: GrubDefaults, line: KernelLine, change: ArgumentEdit): FilesEdit {
  const texts = new Map<string, string | undefined>();
  for (const file of defaults.files) {
    let text = file.text;
    for (const name of ALL_VARIABLES[line]) {
      for (let index = 0; ; index++) {
        const assignment = readShellFile(text).assignments.filter((candidate) => candidate.name === name)[index];
        if (!assignment) break;
        const literal = literalValue(assignment);
        if (findArguments(literal, change.name).length === 0) continue;
        const edit = change.edit(literal, `${file.path} ${name} ${index + 1}`);
        if (edit.kind === "error") return { kind: "error", reason: `${file.path}, ${name}: ${edit.reason}` };
        if (edit.text === literal) continue;
        if (assignment.conditional) {
          return {
            kind: "error",
            reason: `${file.path} has ${change.name} in a value of ${name} that is set under a condition. Remove it there by hand`,
          };
        }
        const next = withLiteralValue(text, assignment, edit.text);
        if (next === undefined) return { kind: "error", reason: notQuotable(file.path, name) };
        text = next;
      }
    }
    const unreadable = readShellFile(text).code.find(({ kind }) => kind === "unreadable");
    if (unreadable && text.slice(unreadable.start).includes(change.name))
      return { kind: "error", reason: whyNotFollowed({ ...file, text }, unreadable, "") };
    if (text === file.text) continue;
    const left = withoutOurLines(file.path, text);
    texts.set(file.path, left === "" && file.path === OUR_DROP_IN ? undefined : left);
  }
  return { kind: "edited", texts };
}

/** The values of all variables at the end, as far as they can be told. */
function readSettings(files: readonly NamedText[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const { assignment } of assignmentsOf(files)) {
    const before = settings.get(assignment.name) ?? "";
    const value = expandedValue(assignment, (name) => settings.get(name) ?? "");
    // Whether or not a condition holds, the words that both values begin with are there.
    const either = value.startsWith(`${before} `) ? `${before} ${EXPANSION}` : EXPANSION;
    settings.set(assignment.name, assignment.conditional ? either : value);
  }
  return settings;
}

const ALL_VARIABLES = {
  linux: ["GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"],
  dom0: [
    "GRUB_CMDLINE_LINUX",
    "GRUB_CMDLINE_LINUX_DEFAULT",
    "GRUB_CMDLINE_LINUX_XEN_REPLACE",
    "GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT",
  ],
  xen: ["GRUB_CMDLINE_XEN", "GRUB_CMDLINE_XEN_DEFAULT"],
} as const;

/** The variables that decide about a line, with those that would replace one if they were set. */
function usedVariables(line: KernelLine, settings: ReadonlyMap<string, string>): readonly string[] {
  const replacing = ["GRUB_CMDLINE_LINUX_XEN_REPLACE", "GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT"];
  return [...variablesOf(line, settings), ...(line === "dom0" ? replacing : [])];
}

function whyNotFollowed({ path, text }: NamedText, code: ShellCode, variable: string): string {
  const line = text.slice(0, code.start).split("\n").length;
  if (code.kind === "unreadable")
    return `${path}, line ${line}: ${code.reason}, so grub-mkconfig cannot read it either or does something that only a shell can tell. Fix it first`;
  const [source = ""] = code.text.split("\n");
  return `${path}, line ${line}: only a shell can tell what \`${source}' does to ${variable}. Replace it with a plain assignment`;
}

/** The variable of all entries, and that of all but the recovery entries. */
function variablesOf(line: KernelLine, settings: ReadonlyMap<string, string>): readonly [string, string] {
  switch (line) {
    case "linux":
      return ["GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"];
    case "xen":
      return ["GRUB_CMDLINE_XEN", "GRUB_CMDLINE_XEN_DEFAULT"];
    case "dom0": {
      // 20_linux_xen.in: each replaces the one for Linux when it is not empty.
      const used = (name: string, instead: string) => (settings.get(name) ? name : instead);
      return [
        used("GRUB_CMDLINE_LINUX_XEN_REPLACE", "GRUB_CMDLINE_LINUX"),
        used("GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT", "GRUB_CMDLINE_LINUX_DEFAULT"),
      ];
    }
  }
}

interface Place {
  readonly file: NamedText;
  readonly assignment: ShellAssignment;
}

function assignmentsOf(files: readonly NamedText[]): readonly Place[] {
  return files.flatMap((file) => readShellFile(file.text).assignments.map((assignment) => ({ file, assignment })));
}

function editAssignment({ file, assignment }: Place, change: ArgumentEdit): BootEdit {
  const edit = change.edit(literalValue(assignment), file.path);
  if (edit.kind === "error") return { kind: "error", reason: `${file.path}, ${assignment.name}: ${edit.reason}` };
  const text = withLiteralValue(file.text, assignment, edit.text);
  return text === undefined
    ? { kind: "error", reason: notQuotable(file.path, assignment.name) }
    : { kind: "edited", text };
}

function newAssignment(defaults: GrubDefaults, variable: string, change: ArgumentEdit): BootEdit {
  const edit = change.edit(defaults.dropIns ? EXPANSION : "", GRUB_DEFAULTS);
  if (edit.kind === "error") return edit;
  const value = edit.text.replace(EXPANSION, `$${variable}`);
  const assignment = `${variable}="${value}"`;
  const path = defaults.dropIns ? OUR_DROP_IN : GRUB_DEFAULTS;
  const text = defaults.files.find((file) => file.path === path)?.text;
  if (defaults.dropIns) return { kind: "edited", text: `${text ?? DROP_IN_HEADER}${assignment}\n` };
  if (text === undefined || text === "") return { kind: "edited", text: `${MARK}${assignment}\n` };
  // Without a newline at the end we put none there either: so the removal knows what was.
  return {
    kind: "edited",
    text: text.endsWith("\n") ? `${text}${MARK}${assignment}\n` : `${text}\n${MARK}${assignment}`,
  };
}

function withoutOurLines(path: string, text: string): string {
  if (path === OUR_DROP_IN) {
    const left = text.replaceAll(/^(\w+)="\$\1"\n/gm, "");
    return left === DROP_IN_HEADER ? "" : left;
  }
  const mark = MARK.trimEnd().replaceAll(".", "\\.");
  return text.replace(new RegExp(`\\n${mark}\\n\\w+=""$`), "").replace(new RegExp(`^${mark}\\n\\w+=""\\n`, "m"), "");
}

function withTexts(defaults: GrubDefaults, texts: ReadonlyMap<string, string>): GrubDefaults {
  const kept = defaults.files.map((file) => ({ ...file, text: texts.get(file.path) ?? file.text }));
  const added = [...texts].filter(([path]) => !defaults.files.some((file) => file.path === path));
  return { ...defaults, files: [...kept, ...added.map(([path, text]) => ({ path, text }))] };
}

/**
 * Whether the line has the arguments that it should have; their order may be another one, since two variables make one
 * line.
 */
function sameLine(defaults: GrubDefaults, line: KernelLine, wanted: string): boolean {
  const sorted = (text: string) => text.split(/\s+/).filter(Boolean).sort().join(" ");
  return sorted(grubDefaultsLine(defaults, line)) === sorted(wanted);
}

function notQuotable(path: string, name: string): string {
  return `${path} has a value of ${name} that cannot be edited in its quotes. Write it in double quotes`;
}
