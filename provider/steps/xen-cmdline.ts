import type { HostFacts } from "../facts/host-facts";
import { XEN_CMDLINE } from "../facts/xen-cmdline";
import type { PciAddress } from "../pci/address";
import { quote } from "../shell";
import { type FileEdit, originalPath } from "./file";
import type { StepType } from "./step-type";

/**
 * The argument with this name on dom0's kernel line, set by XenServer's `xen-cmdline`; an undefined value means no
 * argument.
 */
export interface Dom0ArgumentEdit {
  readonly kind: "set-dom0-argument";
  /** The grub.cfg that xen-cmdline edits. */
  readonly path: string;
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The functions that the host loses at its next boot because of this edit. */
  readonly hides: readonly PciAddress[];
  readonly original: FileEdit["original"];
}

/**
 * The argument with this name on Xen's line, set by XenServer's `xen-cmdline`: the whole word; undefined means no
 * argument.
 */
export interface XenArgumentEdit {
  readonly kind: "set-xen-argument";
  /** The grub.cfg that xen-cmdline edits. */
  readonly path: string;
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * xen-cmdline exits with 0 whatever happens, accepts any value, and doubles every argument when called with two names
 * (8.3). So each call has one name, and what it prints afterwards is checked. It replaces grub.cfg without fsync.
 */
const functions = `
# "dom0" or "xen" for the command line, name, the whole argument that it should have ("" for none).
expect_boot_argument() {
  if said=$(${XEN_CMDLINE} "--get-$1" "$2" 2>&1) && [ "$said" = "$3" ]; then return; fi
  echo "xen-cmdline --get-$1 $2 says \\"$said\\", not \\"$3\\""
  return 1
}
# File, "dom0" or "xen", name, the whole argument ("" for none). If GRUB could not read the file, it is restored.
set_boot_argument() {
  expect_boot_argument "$2" "$3" "$4" > /dev/null && return
  before=$(cat "$1"; echo .)
  if [ -n "$4" ]; then
    ${XEN_CMDLINE} "--set-$2" "$4" || return
  else
    ${XEN_CMDLINE} "--delete-$2" "$3" || return
  fi
  if command -v grub-script-check > /dev/null && ! grub-script-check "$1"; then
    printf %s "\${before%.}" | replace_file "$1"
    return 1
  fi
  dd if=/dev/null of="$1" conv=fsync,notrunc 2> /dev/null || sync
  expect_boot_argument "$2" "$3" "$4"
}
# File, the path of the copy of its original text.
keep_original() {
  [ ! -e "$2" ] || return 0
  mkdir -p "\${2%/*}" && cp -p "$1" "$2"
}`;

const argument = (name: string, value: string | undefined) => (value === undefined ? "" : `${name}=${value}`);

const setOnLine = (line: "dom0" | "xen", { path, name }: Dom0ArgumentEdit | XenArgumentEdit, text: string) =>
  `set_boot_argument ${quote(path)} ${line} ${quote(name)} ${quote(text)}`;

/** Sets or deletes the argument of dom0's kernel; assumes that it still has the value `before`. */
export const setDom0Argument: StepType<Dom0ArgumentEdit> = {
  takes: ({ hides }) => hides.map((address) => ({ address, when: "next-boot", to: undefined })),
  moves: () => [],
  gives: () => [],
  after: withDom0Argument,
  assumes: ({ name, before }) => [`expect_boot_argument dom0 ${quote(name)} ${quote(argument(name, before))}`],
  perform(step) {
    const copy = quote(originalPath(step.path));
    return [
      ...(step.original === "keep" ? [`keep_original ${quote(step.path)} ${copy}`] : []),
      setOnLine("dom0", step, argument(step.name, step.after)),
      ...(step.original === "forget" ? [`rm -f ${copy}`] : []),
    ].join(" || return\n");
  },
  undo: (step) =>
    [
      setOnLine("dom0", step, argument(step.name, step.before)),
      ...(step.original === "keep" ? [`rm -f ${quote(originalPath(step.path))}`] : []),
    ].join(" || return\n"),
  functions,
  describe: ({ path, name, after }) =>
    after === undefined ? `remove ${name} from ${path}` : `set ${argument(name, after)} in ${path}`,
};

/** Sets or deletes the argument of Xen; assumes that it still is `before`. */
export const setXenArgument: StepType<XenArgumentEdit> = {
  takes: () => [],
  moves: () => [],
  gives: () => [],
  after: withXenArgument,
  assumes: ({ name, before }) => [`expect_boot_argument xen ${quote(name)} ${quote(before ?? "")}`],
  perform: (step) => setOnLine("xen", step, step.after ?? ""),
  undo: (step) => setOnLine("xen", step, step.before ?? ""),
  functions,
  describe: ({ path, name, after }) =>
    after === undefined ? `remove ${name} from ${path}` : `set ${after} in ${path}`,
};

function withDom0Argument(facts: HostFacts, { name, after }: Dom0ArgumentEdit): HostFacts {
  if (!facts.xenCmdline) return facts;
  const all = after === undefined ? [] : [argument(name, after)];
  return { ...facts, xenCmdline: { ...facts.xenCmdline, hide: { kind: "arguments", arguments: all } } };
}

function withXenArgument(facts: HostFacts, { before, after }: XenArgumentEdit): HostFacts {
  const file = facts.xenCmdline?.file;
  if (!facts.xenCmdline || !file) return facts;
  const text = before
    ? file.text.replaceAll(` ${before}`, "")
    : file.text.replaceAll(/^(\s*multiboot2?\s.*)$/gm, `$1 ${after}`);
  return { ...facts, xenCmdline: { ...facts.xenCmdline, file: { ...file, text } } };
}
