import { readGrubConfig } from "../boot/grub-config";
import { hasArgument, withArgument, withoutArgument } from "../boot/kernel-command-line";
import { defaultEntry, readXenMenu } from "../boot/xen-menu";
import type { HostFacts } from "../facts/host-facts";
import type { Step } from "../steps/step";
import { bootFileEdit } from "./boot-file-edit";
import { type BootArgumentsEdit, bootLines, editBootArguments, futureBootLine } from "./boot-lines";

/** One argument of a kernel's or hypervisor's command line. */
export interface BootArgument {
  /** Whose line: that of a kernel without Xen, or that of the hypervisor. */
  readonly line: "linux" | "xen";
  readonly name: string;
  /** The whole word: `intel_iommu=on`. */
  readonly text: string;
}

export type BootArgumentSteps =
  | {
      readonly kind: "steps";
      readonly steps: readonly Step[];
      /** The files that hold the argument. */
      readonly paths: readonly string[];
      readonly effects: readonly string[];
    }
  | { readonly kind: "unfit"; readonly reason: string };

/** Whether each boot from now on has the argument: all entries of the boot loader but those for recovery, and those to come. */
export function hasBootArgument(facts: HostFacts, { line, text }: BootArgument): boolean {
  const menu = xenServerMenu(facts);
  const lines = menu ? defaultLine(menu.text) : bootLines(facts, line);
  const future = menu ? undefined : futureBootLine(facts, line);
  return lines.length > 0 && [...lines, future ?? text].every((one) => hasArgument(one, text));
}

export function addBootArgument(facts: HostFacts, key: string, argument: BootArgument): BootArgumentSteps {
  if (hasBootArgument(facts, argument)) return { kind: "steps", steps: [], paths: [], effects: [] };
  const menu = xenServerMenu(facts);
  if (menu) return xenServerSteps(menu.target, argument, "add");
  const change = { name: argument.name, edit: withArgument(argument.text) };
  return stepsOf(facts, key, editBootArguments(facts, argument.line, change, "add"), argument, "keep");
}

export function removeBootArgument(facts: HostFacts, key: string, argument: BootArgument): BootArgumentSteps {
  const menu = xenServerMenu(facts);
  if (menu && !hasBootArgument(facts, argument)) return { kind: "steps", steps: [], paths: [], effects: [] };
  if (menu) return xenServerSteps(menu.target, argument, "remove");
  const change = { name: argument.name, edit: withoutArgument(argument.text) };
  return stepsOf(facts, key, editBootArguments(facts, argument.line, change, "remove"), argument, "forget");
}

function stepsOf(
  facts: HostFacts,
  key: string,
  edit: BootArgumentsEdit,
  { text }: BootArgument,
  when: "keep" | "forget",
): BootArgumentSteps {
  if (edit.kind === "error") return { kind: "unfit", reason: edit.reason };
  // Taken out by somebody else already: nothing has to follow.
  if (when === "forget" && edit.edits.length === 0) return { kind: "steps", steps: [], paths: [], effects: [] };
  return {
    kind: "steps",
    steps: [...edit.edits.map((one) => bootFileEdit(facts, key, one, [], when)), ...edit.regenerate],
    paths: edit.edits.map(({ path }) => path),
    effects: [
      ...edit.edits.map(({ path }) => `${path} gets ${text}`),
      ...edit.regenerate.flatMap((step) => (step.what === "grub-config" ? [`${step.path} is made anew`] : [])),
    ],
  };
}

/** XenServer's own grub.cfg, which its xen-cmdline edits: no grub-mkconfig makes it. */
function xenServerMenu({ xenCmdline }: HostFacts) {
  return xenCmdline?.file;
}

/** xen-cmdline edits the entry alone that boots by itself. */
function defaultLine(text: string): readonly string[] {
  const title = defaultEntry(readXenMenu(text))?.title;
  return readGrubConfig(text).flatMap((entry) => (entry.title === title ? [entry.lines.xen ?? ""] : []));
}

function xenServerSteps(path: string, { name, text }: BootArgument, how: "add" | "remove"): BootArgumentSteps {
  const [before, after] = how === "add" ? [undefined, text] : [text, undefined];
  return {
    kind: "steps",
    steps: [{ kind: "set-xen-argument", path, name, before, after }],
    paths: [path],
    effects: [how === "add" ? `${path} gets ${text}` : `${text} is taken out of ${path}`],
  };
}
