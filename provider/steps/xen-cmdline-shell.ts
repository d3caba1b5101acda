import { STATE_FOLDER } from "../facts/claims";
import { XEN_CMDLINE } from "../facts/xen-cmdline";
import { quote } from "../shell";
import type { Dom0ArgumentEdit, XenArgumentEdit } from "./step";
import type { StepShell } from "./step-shell";

/**
 * xen-cmdline ends with 0 whatever it did, takes any value, and with two names in one call doubles every argument (8.3): so
 * there is one name in a call, and what it prints afterwards decides. It replaces grub.cfg without fsync.
 */
export const XEN_CMDLINE_FUNCTIONS = `
# "dom0" or "xen", whose line it is; name, the argument as it should stand there ("" for none).
expect_boot_argument() {
  if said=$(${XEN_CMDLINE} "--get-$1" "$2" 2>&1) && [ "$said" = "$3" ]; then return; fi
  echo "xen-cmdline --get-$1 $2 says \\"$said\\", not \\"$3\\""
  return 1
}
# File, "dom0" or "xen", name, the whole argument ("" for none). A file that GRUB could not read is put back as it was.
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
# File, the copy of its first text.
keep_original() {
  [ ! -e "$2" ] || return 0
  mkdir -p "\${2%/*}" && cp -p "$1" "$2"
}`.trim();

export function xenArgumentShell({ path, name, before, after }: XenArgumentEdit): StepShell {
  const set = (text = "") => `set_boot_argument ${quote(path)} xen ${quote(name)} ${quote(text)}`;
  return {
    expect: [`expect_boot_argument xen ${quote(name)} ${quote(before ?? "")}`],
    perform: set(after),
    undo: set(before),
  };
}

export function dom0ArgumentShell({ path, name, before, after, original }: Dom0ArgumentEdit): StepShell {
  const argument = (value: string | undefined) => quote(value === undefined ? "" : `${name}=${value}`);
  const set = (value: string | undefined) => `set_boot_argument ${quote(path)} dom0 ${quote(name)} ${argument(value)}`;
  const copy = quote(`${STATE_FOLDER}/before${path}`);
  return {
    expect: [`expect_boot_argument dom0 ${quote(name)} ${argument(before)}`],
    perform: [
      ...(original === "keep" ? [`keep_original ${quote(path)} ${copy} || return`] : []),
      original === "forget" ? `${set(after)} || return\nrm -f ${copy}` : set(after),
    ].join("\n"),
    undo: original === "keep" ? `${set(before)} || return\nrm -f ${copy}` : set(before),
  };
}
