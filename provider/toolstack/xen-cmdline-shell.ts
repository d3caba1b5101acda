import { STATE_FOLDER } from "../facts/claims";
import { XEN_CMDLINE } from "../facts/xen-cmdline";
import type { Dom0ArgumentEdit, XenArgumentEdit } from "../plan/step";
import { quote } from "../shell";
import type { StepShell } from "./step-shell";

/**
 * xen-cmdline ends with 0 whatever it did, takes any value, and with two names in one call doubles every argument (8.3): so
 * there is one name in a call, and what it prints afterwards decides. It replaces grub.cfg without fsync.
 */
export const XEN_CMDLINE_FUNCTIONS = `
# Name, the argument as it should stand there ("" for none).
expect_dom0_argument() {
  if said=$(${XEN_CMDLINE} --get-dom0 "$1" 2>&1) && [ "$said" = "$2" ]; then return; fi
  echo "xen-cmdline --get-dom0 $1 says \\"$said\\", not \\"$2\\""
  return 1
}
# File, name, the whole argument ("" for none). A file that GRUB could not read is put back as it was.
set_dom0_argument() {
  expect_dom0_argument "$2" "$3" > /dev/null && return
  before=$(cat "$1"; echo .)
  if [ -n "$3" ]; then
    ${XEN_CMDLINE} --set-dom0 "$3" || return
  else
    ${XEN_CMDLINE} --delete-dom0 "$2" || return
  fi
  if command -v grub-script-check > /dev/null && ! grub-script-check "$1"; then
    printf %s "\${before%.}" | replace_file "$1"
    return 1
  fi
  dd if=/dev/null of="$1" conv=fsync,notrunc 2> /dev/null || sync
  expect_dom0_argument "$2" "$3"
}
# Name, the argument as it should stand on the hypervisor's line ("" for none).
expect_xen_argument() {
  if said=$(${XEN_CMDLINE} --get-xen "$1" 2>&1) && [ "$said" = "$2" ]; then return; fi
  echo "xen-cmdline --get-xen $1 says \\"$said\\", not \\"$2\\""
  return 1
}
# File, name, the whole argument ("" for none).
set_xen_argument() {
  expect_xen_argument "$2" "$3" > /dev/null && return
  if [ -n "$3" ]; then
    ${XEN_CMDLINE} --set-xen "$3" || return
  else
    ${XEN_CMDLINE} --delete-xen "$2" || return
  fi
  dd if=/dev/null of="$1" conv=fsync,notrunc 2> /dev/null || sync
  expect_xen_argument "$2" "$3"
}
# File, the copy of its first text.
keep_original() {
  [ ! -e "$2" ] || return 0
  mkdir -p "\${2%/*}" && cp -p "$1" "$2"
}`.trim();

export function xenArgumentShell({ path, name, before, after }: XenArgumentEdit): StepShell {
  const set = (text = "") => `set_xen_argument ${quote(path)} ${quote(name)} ${quote(text)}`;
  return {
    expect: [`expect_xen_argument ${quote(name)} ${quote(before ?? "")}`],
    perform: set(after),
    undo: set(before),
  };
}

export function dom0ArgumentShell({ path, name, before, after, original }: Dom0ArgumentEdit): StepShell {
  const argument = (value: string | undefined) => quote(value === undefined ? "" : `${name}=${value}`);
  const set = (value: string | undefined) => `set_dom0_argument ${quote(path)} ${quote(name)} ${argument(value)}`;
  const copy = quote(`${STATE_FOLDER}/before${path}`);
  return {
    expect: [`expect_dom0_argument ${quote(name)} ${argument(before)}`],
    perform: [
      ...(original === "keep" ? [`keep_original ${quote(path)} ${copy} || return`] : []),
      original === "forget" ? `${set(after)} || return\nrm -f ${copy}` : set(after),
    ].join("\n"),
    undo: original === "keep" ? `${set(before)} || return\nrm -f ${copy}` : set(before),
  };
}
