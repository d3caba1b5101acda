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
  if said=$(limited 60 ${XEN_CMDLINE} "--get-$1" "$2" 2>&1) && [ "$said" = "$3" ]; then return; fi
  echo "xen-cmdline --get-$1 $2 says \\"$said\\", not \\"$3\\""
  return 1
}
# File, the name of an argument. Prints the commands of a boot menu without that argument, in the form in which xen-cmdline
# writes them, so that two menus of the same meaning print the same.
menu_meaning() {
  default=$(sed -n -e "s/^set default=[\\"']\\([^\\"'\\$]*\\)[\\"']\\$/\\1/p" -e t -e 's/^set default=//p' "$1" | tail -n 1)
  echo "set default=\${default:-0}"
  sed -n 's/^set timeout=0*\\([0-9]\\)/set timeout=\\1/p' "$1" | tail -n 1
  sed -n 's/^[[:space:]]*serial/serial/p' "$1" | tail -n 1
  sed -e '/^set default=/d' -e '/^set timeout=/d' -e '/^[[:space:]]*serial/d' \\
    -e '/^[[:space:]]*terminal_[a-z]* serial console/d' \\
    -e 's/[[:space:]]'"$2"'=[^[:space:]"]*\\("[^"]*"\\)*[^[:space:]]*//g' \\
    -e 's/[[:space:]][[:space:]]*/ /g' -e 's/^ //' -e 's/ $//' -e '/^#/d' -e '/^$/d' \\
    -e '/^if \\[ -s $prefix\\/grubenv \\]/,/^fi$/d' -e '/^if \\[ -n "$override_entry" \\]/,/^fi$/d' \\
    -e "s/^menuentry \\"\\([^\\"]*\\)\\"/menuentry '\\1'/" -e "s/' *{$/' {/" "$1"
}
# File, the name of an argument, what menu_meaning printed before. Names the lines that differ now.
expect_menu() {
  menu=$(menu_meaning "$1" "$2")
  [ "$menu" = "$3" ] && return
  echo "xen-cmdline wrote another boot menu than was meant:"
  printf '%s\\n' "$3" | grep -vxF -e "$menu" | sed 's/^/lost: /'
  printf '%s\\n' "$menu" | grep -vxF -e "$3" | sed 's/^/new: /'
  return 1
}
# File, "dom0" or "xen", name, the whole argument ("" for none). The file is restored, with its mode, unless xen-cmdline
# came to its end, GRUB can read the file, and everything else in it means what it meant.
set_boot_argument() {
  expect_boot_argument "$2" "$3" "$4" > /dev/null && return
  before=$(cat "$1"; echo .)
  mode=$(stat -c %a "$1")
  meaning=$(menu_meaning "$1" "$3")
  if [ -n "$4" ]; then set -- "$@" "--set-$2" "$4"; else set -- "$@" "--delete-$2" "$3"; fi
  if limited 60 ${XEN_CMDLINE} "$5" "$6" && expect_menu "$1" "$3" "$meaning" &&
    { ! command -v grub-script-check > /dev/null || grub-script-check "$1"; } &&
    { dd if=/dev/null of="$1" conv=fsync,notrunc 2> /dev/null || sync; } &&
    expect_boot_argument "$2" "$3" "$4"; then
    return
  fi
  [ "$(cat "$1"; echo .)" != "$before" ] || return 1
  put_text "$1" "\${before%.}" && chmod "$mode" "$1" && echo "$1 was restored"
  return 1
}
# File, the path of the copy of its original text.
keep_original() {
  [ ! -e "$2" ] || return 0
  replace_file "$2" "$(stat -c %a "$1")" < "$1"
}`;

const argument = (name: string, value: string | undefined) => (value === undefined ? "" : `${name}=${value}`);

const setOnLine = (line: "dom0" | "xen", { path, name }: Dom0ArgumentEdit | XenArgumentEdit, text: string) =>
  `set_boot_argument ${quote(path)} ${line} ${quote(name)} ${quote(text)}`;

/** Sets or deletes the argument of dom0's kernel; assumes that it still has the value `before`. */
export const setDom0Argument: StepType<Dom0ArgumentEdit> = {
  takes: ({ hides }) => hides.map((address) => ({ address, when: "next-boot", to: undefined })),
  moves: () => [],
  gives: () => [],
  changes: ["files"],
  rewrites: () => [],
  after: withDom0Argument,
  assumes: ({ name, before }) => [`expect_boot_argument dom0 ${quote(name)} ${quote(argument(name, before))}`],
  perform(step) {
    const copy = quote(originalPath(step.path));
    return [
      ...(step.original === "keep" ? [`keep_original ${quote(step.path)} ${copy}`] : []),
      setOnLine("dom0", step, argument(step.name, step.after)),
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
  changes: ["files"],
  rewrites: () => [],
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
