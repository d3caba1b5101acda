import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import { quote } from "../shell";
import type { StepType } from "./step-type";

/** A VM of XAPI gets another value of `other-config:pci`; undefined means that there is no such key. */
export interface VmPciEdit {
  readonly kind: "set-vm-pci";
  readonly vm: { readonly uuid: string; readonly name: string };
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The functions that the VM gets at its next start because of this edit. */
  readonly gives: readonly PciAddress[];
  /** Those that XAPI then takes from a driver of the host. */
  readonly takes: readonly PciAddress[];
}

/** In the shell a value is passed as "=value", and a missing key as "absent". */
const argument = (pci: string | undefined) => (pci === undefined ? "absent" : quote(`=${pci}`));

/**
 * Sets the key, and reads it back: `vm-param-set` removes it and adds it again (xen-api, cli_operations.ml). Never
 * `--minimal`, which puts a backslash before commas.
 */
export const setVmPci: StepType<VmPciEdit> = {
  takes: ({ takes }) => takes.map((address) => ({ address, when: "vm-start", to: undefined })),
  moves: () => [],
  gives: ({ vm, gives }) => gives.map((address) => ({ address, vm, scope: "config" })),
  changes: ["vms"],
  rewrites: () => [],
  after: withVmPci,
  assumes: ({ vm, before }) => [`expect_vm_pci ${vm.uuid} ${argument(before)}`],
  perform: ({ vm, after }) => `set_vm_pci ${vm.uuid} ${argument(after)}`,
  undo: ({ vm, before }) => `set_vm_pci ${vm.uuid} ${argument(before)}`,
  functions: `
# VM uuid. Prints the value of other-config:pci; on failure, what xe says.
vm_pci() {
  if said=$(limited 120 xe vm-param-get "uuid=$1" param-name=other-config param-key=pci 2>&1); then
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
  echo "other-config:pci of the VM $1 should be $2, but xe says: $(vm_pci "$1")"
  return 1
}
# VM uuid, the new value of other-config:pci.
set_vm_pci() {
  if [ "$2" != absent ]; then
    limited 120 xe vm-param-set "uuid=$1" "other-config:pci=\${2#=}"
  elif [ "$(vm_pci "$1")" != absent ]; then
    limited 120 xe vm-param-remove "uuid=$1" param-name=other-config param-key=pci
  fi || return
  expect_vm_pci "$1" "$2"
}`,
  describe: ({ vm, after }) =>
    after === undefined
      ? `remove other-config:pci from the VM "${vm.name}"`
      : `set other-config:pci of the VM "${vm.name}" to ${after}`,
};

function withVmPci(facts: HostFacts, { vm, after }: VmPciEdit): HostFacts {
  if (facts.xapi?.answer.kind !== "pool") return facts;
  const vms = facts.xapi.answer.vms.map((machine) => (machine.uuid === vm.uuid ? { ...machine, pci: after } : machine));
  return { ...facts, xapi: { ...facts.xapi, answer: { ...facts.xapi.answer, vms } } };
}
