import { quote } from "../shell";
import type { VmPciEdit } from "./step";
import type { StepShell } from "./step-shell";

/**
 * A value is handed about as "=value", and no key as "absent". `vm-param-set` takes the key away and adds it again (xen-api,
 * cli_operations.ml), so what is there afterwards decides. Never `--minimal`: it puts a backslash before commas.
 */
export const XAPI_FUNCTIONS = `
# VM uuid. Prints what other-config:pci has, or what xe says, and fails then.
vm_pci() {
  if said=$(xe vm-param-get "uuid=$1" param-name=other-config param-key=pci 2>&1); then
    printf '=%s\\n' "$said"
    return
  fi
  case $said in
    *"Key pci not found in map"*) echo absent ;;
    *) printf '%s\\n' "$said"; return 1 ;;
  esac
}
# VM uuid, what other-config:pci should have.
expect_vm_pci() {
  [ "$(vm_pci "$1")" = "$2" ] && return
  echo "other-config:pci of the VM $1 should be $2, and xe says: $(vm_pci "$1")"
  return 1
}
set_vm_pci() {
  if [ "$2" != absent ]; then
    xe vm-param-set "uuid=$1" "other-config:pci=\${2#=}"
  elif [ "$(vm_pci "$1")" != absent ]; then
    xe vm-param-remove "uuid=$1" param-name=other-config param-key=pci
  fi || return
  expect_vm_pci "$1" "$2"
}`.trim();

export function vmPciShell({ vm, before, after }: VmPciEdit): StepShell {
  const value = (pci: string | undefined) => (pci === undefined ? "absent" : quote(`=${pci}`));
  return {
    expect: [`expect_vm_pci ${vm.uuid} ${value(before)}`],
    perform: `set_vm_pci ${vm.uuid} ${value(after)}`,
    undo: `set_vm_pci ${vm.uuid} ${value(before)}`,
  };
}
