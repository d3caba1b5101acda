import { posixChecksum } from "../facts/checksum";
import { claimPath, formatClaim, STATE_FOLDER } from "../facts/claims";
import { removalPath } from "../facts/removals";
import type { PciAddress } from "../pci/address";
import { BOOT_FUNCTIONS, regenerationFunction } from "../script/regeneration";
import { quote } from "../shell";
import type { AttachOptions } from "../vm-text/attach-options";
import { formatSpecString } from "../vm-text/spec-string";
import { BOOT_SCRIPT_FUNCTIONS } from "./boot-script-shell";
import type { FileEdit, Step } from "./step";
import type { StepShell } from "./step-shell";
import { STUB_FUNCTIONS } from "./stub-shell";
import { booleanShell, SELINUX_FUNCTIONS, VIRSH_FUNCTIONS, virshShell } from "./virsh-shell";
import { vmPciShell, XAPI_FUNCTIONS } from "./xapi-shell";
import { dom0ArgumentShell, XEN_CMDLINE_FUNCTIONS, xenArgumentShell } from "./xen-cmdline-shell";
import { XM_FUNCTIONS } from "./xm-shell";

/** Functions that the step texts call, of all toolstacks. They print what went wrong and return non-zero. */
export const STEP_FUNCTIONS = `
# The driver that holds a PCI function; nothing when none does.
driver_of() {
  [ -e "/sys/bus/pci/devices/$1/driver" ] || return 0
  driver=$(readlink "/sys/bus/pci/devices/$1/driver") && echo "\${driver##*/}"
}
# PCI function, driver ("" for none).
expect_driver() {
  [ "$(driver_of "$1")" = "$2" ] && return
  echo "$1 has the driver \\"$(driver_of "$1")\\", not \\"$2\\""
  return 1
}
# File, its checksum or "absent".
expect_file() {
  if [ -e "$1" ]; then sum=$(cksum < "$1"); else sum=absent; fi
  [ "\${sum%% *}" = "$2" ] && return
  echo "$1 is not as it was read"
  return 1
}
# Replaces a file by standard input: in the same folder, on the disk, then renamed, with the mode and owner it had.
replace_file() {
  folder=\${1%/*}
  next=$folder/.pci-passthrough-new
  mkdir -p "$folder" || return
  rm -f "$next" || return
  if [ -e "$1" ]; then cp -a "$1" "$next" || return; fi
  if cat > "$next" && { dd if=/dev/null of="$next" conv=fsync,notrunc 2> /dev/null || sync; } && mv -f "$next" "$1"; then
    return
  fi
  rm -f "$next"
  if lsattr -d "$1" 2> /dev/null | grep -q '^[^ ]*i'; then
    echo "$1 is immutable. Take that off: chattr -i $1"
  fi
  return 1
}
load_pciback() {
  [ -d /sys/bus/pci/drivers/pciback ] || modprobe xen-pciback || modprobe pciback || return
  [ -d /sys/bus/pci/drivers/pciback ] && return
  echo "xen-pciback is loaded, but its driver did not register"
  return 1
}
make_assignable_xl() {
  # Before Xen 4.8 xl exits with 0 whatever happens; from 4.13 on it binds the function and then fails where the quarantine does.
  said=$(xl pci-assignable-add "$1" 2>&1)
  printf '%s\\n' "$said"
  case $said in
    *"failed to quarantine"*) return 1 ;;
  esac
  expect_driver "$1" pciback
}
# PCI function without a driver, driver that gets it ("" for none).
give_driver() {
  [ -n "$2" ] && [ -z "$(driver_of "$1")" ] || return 0
  [ -d "/sys/bus/pci/drivers/$2" ] || modprobe "$(cat "/sys/bus/pci/devices/$1/modalias")"
  [ -n "$(driver_of "$1")" ] || printf %s "$1" > "/sys/bus/pci/drivers/$2/bind"
}
# PCI function, driver that gets it back ("" for none).
release_xl() {
  [ -e "/sys/bus/pci/devices/$1" ] || return 0
  if [ "$(driver_of "$1")" = pciback ]; then
    # From Xen 4.13 on a function hidden at boot is released only after an add (libxl_pci.c: it is not in quarantine yet).
    xl pci-assignable-add "$1"
    xl pci-assignable-remove "$1"
  fi
  give_driver "$1" "$2"
  expect_driver "$1" "$2"
}
# Domain id, PCI function. From xenstore, for xl itself aborts now and then (seen on Xen 4.17).
domain_has() {
  xenstore-ls -f "/local/domain/0/backend/pci/$1" 2> /dev/null | grep -q "/dev-[0-9]* = \\"$2\\"$"
}
# Domain id, spec string, PCI function.
attach() {
  domain_has "$1" "$3" || xl pci-attach "$1" "$2"
  domain_has "$1" "$3" && return
  echo "domain $1 does not have $3"
  return 1
}
# Domain id, PCI function. The guest has to let go, which takes it a moment; soon after an attach xl does nothing
# ("Backend is not ready", exit 0; seen on Xen 4.17), so it is asked again.
detach() {
  for try in 1 2 3; do
    xl pci-detach "$1" "$2"
    for second in 1 2 3 4 5; do
      domain_has "$1" "$2" || return 0
      sleep 1
    done
  done
  echo "domain $1 still has $2"
  return 1
}
# PCI function, how many virtual functions it has.
expect_virtual_functions() {
  [ "$(cat "/sys/bus/pci/devices/$1/sriov_numvfs")" = "$2" ] && return
  echo "$1 has $(cat "/sys/bus/pci/devices/$1/sriov_numvfs") virtual functions, not $2"
  return 1
}
# PCI function, how many it gets. From one number to another the kernel goes through zero alone (drivers/pci/iov.c,
# sriov_numvfs_store: EBUSY). udev then loads the drivers of the new ones.
set_virtual_functions() {
  vfs=/sys/bus/pci/devices/$1/sriov_numvfs
  [ -e "$vfs" ] || { echo "$1 has no sriov_numvfs"; return 1; }
  if [ "$(cat "$vfs")" != "$2" ]; then
    [ "$(cat "$vfs")" = 0 ] || printf 0 > "$vfs" || return
    [ "$2" = 0 ] || printf %s "$2" > "$vfs" || return
    udevadm settle --timeout=20
  fi
  expect_virtual_functions "$1" "$2"
}
${BOOT_SCRIPT_FUNCTIONS}
${BOOT_FUNCTIONS}
${XM_FUNCTIONS}
${STUB_FUNCTIONS}
${VIRSH_FUNCTIONS}
${SELINUX_FUNCTIONS}
${XEN_CMDLINE_FUNCTIONS}
${XAPI_FUNCTIONS}`.trim();

export function stepShell(step: Step): StepShell {
  switch (step.kind) {
    case "load-pciback":
      return { expect: [], perform: "load_pciback", undo: ":" };
    case "make-assignable":
      return {
        expect: [`expect_driver ${step.address} ${quote(step.from ?? "")}`],
        perform: `make_assignable_${step.by} ${step.address} ${step.stub}`,
        undo: `release_${step.by} ${step.address} ${quote(step.from ?? "")}`,
      };
    case "release":
      return {
        expect: [`expect_driver ${step.address} ${step.stub}`],
        perform: `release_${step.by} ${step.address} ${quote(step.to ?? "")}`,
        undo: `make_assignable_${step.by} ${step.address} ${step.stub}`,
      };
    case "edit-file":
      return editShell(step);
    case "boot-script":
      return {
        expect: [],
        perform: `boot_script ${step.init} ${quote(step.name)} ${step.started ? "start" : "leave"}`,
        undo: `boot_script ${step.init} ${quote(step.name)} ${step.started ? "leave" : "start"}`,
      };
    case "set-dom0-argument":
      return dom0ArgumentShell(step);
    case "set-xen-argument":
      return xenArgumentShell(step);
    case "set-vm-pci":
      return vmPciShell(step);
    case "regenerate":
      return { expect: [], perform: regenerationFunction(step.what), undo: ":" };
    case "attach":
      if (step.by === "xm") {
        return {
          expect: [],
          perform: `xm_attach ${step.vm.domainId} ${step.address}${xmOptions(step.options)}`,
          undo: `xm_detach ${step.vm.domainId} ${step.address}`,
        };
      }
      return {
        expect: [],
        perform: `attach ${step.vm.domainId} ${quote(specOf(step.address, step.options))} ${step.address}`,
        undo: `detach ${step.vm.domainId} ${step.address}`,
      };
    case "detach":
      if (step.by === "xm") {
        return {
          expect: [],
          perform: `xm_detach ${step.vm.domainId} ${step.address}`,
          undo: `xm_attach ${step.vm.domainId} ${step.address}`,
        };
      }
      return {
        expect: [],
        perform: `detach ${step.vm.domainId} ${step.address}`,
        undo: `attach ${step.vm.domainId} ${step.address} ${step.address}`,
      };
    case "virsh-attach":
    case "virsh-detach":
      return virshShell(step);
    case "set-selinux-boolean":
      return booleanShell(step.name, step.to);
    case "write-claim":
      return textShell(claimPath(step.key), step.before && formatClaim(step.before), formatClaim(step.claim));
    case "drop-claim":
      return textShell(claimPath(step.key), formatClaim(step.before), undefined);
    case "note-removal": {
      const path = removalPath(step.removal.key);
      return {
        expect: [],
        perform: putText(path, `${JSON.stringify(step.removal)}\n`),
        undo: putText(path, undefined),
      };
    }
    case "set-virtual-functions":
      return {
        expect: [
          `expect_virtual_functions ${step.address} ${step.from.count}`,
          ...step.from.functions.map(({ address, driver }) => `expect_driver ${address} ${quote(driver ?? "")}`),
        ],
        perform: `set_virtual_functions ${step.address} ${step.to}`,
        undo: `set_virtual_functions ${step.address} ${step.from.count}`,
      };
    case "reboot":
      return { expect: [], perform: ":", undo: ":" }; // reboot-script.ts does it, once the apply has ended
  }
}

/** As `xm pci-attach` has them before the domain: `-o msitranslate=1`. A slot of its own is in the file alone. */
function xmOptions({ msitranslate, powerManagement }: AttachOptions): string {
  const words = [
    ...(msitranslate === undefined ? [] : [`msitranslate=${Number(msitranslate)}`]),
    ...(powerManagement === undefined ? [] : [`power_mgmt=${Number(powerManagement)}`]),
  ];
  return words.map((word) => ` -o ${word}`).join("");
}

function specOf(address: PciAddress, options: AttachOptions): string {
  return formatSpecString({ device: { kind: "function", address }, options, unknown: [] });
}

function editShell(step: FileEdit): StepShell {
  const { expect, perform, undo } = textShell(step.path, step.before, step.after);
  const runs = step.executable && step.before === undefined;
  const folder = step.path.slice(0, step.path.lastIndexOf("/"));
  const emptied = isOurFolder(folder) ? `\n${dropFolder(folder)}` : "";
  const shell = {
    expect,
    perform: `${perform}${runs ? ` || return\nchmod 755 ${quote(step.path)}` : ""}${step.after === undefined ? emptied : ""}`,
    undo: `${undo}${step.before === undefined ? emptied : ""}`,
  };
  const original = quote(`${STATE_FOLDER}/before${step.path}`);
  if (step.original === "keep" && step.before !== undefined) {
    return {
      ...shell,
      // Several edits of one apply may each be the first one as far as their own plan knows.
      perform: `[ -e ${original} ] || ${putText(`${STATE_FOLDER}/before${step.path}`, step.before)} || return\n${shell.perform}`,
    };
  }
  return step.original === "forget" ? { ...shell, perform: `${shell.perform} || return\nrm -f ${original}` } : shell;
}

/** A folder that is there for files of ours alone. */
function isOurFolder(folder: string): boolean {
  return folder.endsWith("pulumi-pci-passthrough");
}

function dropFolder(folder: string): string {
  return `rmdir ${quote(folder)} 2> /dev/null || :`;
}

function textShell(path: string, before: string | undefined, after: string | undefined): StepShell {
  return {
    expect: [`expect_file ${quote(path)} ${before === undefined ? "absent" : posixChecksum(before)}`],
    perform: `${putText(path, after)} || return\nexpect_file ${quote(path)} ${after === undefined ? "absent" : posixChecksum(after)}`,
    undo: putText(path, before),
  };
}

function putText(path: string, text: string | undefined): string {
  return text === undefined ? `rm -f ${quote(path)}` : `printf %s ${quote(text)} | replace_file ${quote(path)}`;
}
