import type { HostFacts } from "../facts/host-facts";
import { OPEN_FILES, PROCESS_OF_FILES, PROCESSES_SECONDS } from "../facts/processes";
import type { PciAddress } from "../pci/address";
import type { StubDriver } from "../pci/stub-driver";
import { quote } from "../shell";
import type { StepType } from "./step-type";

/**
 * What binds a function to its stub driver and back: a toolstack, the sysfs files of all drivers, or those of pciback.
 */
export type AssignedBy = "xl" | "virsh" | "sysfs" | "pciback";

/** A function is bound to the stub driver instead of its own. */
export interface MakeAssignable {
  readonly kind: "make-assignable";
  readonly address: PciAddress;
  /** The driver it has now; undefined for none. */
  readonly from: string | undefined;
  readonly stub: StubDriver;
  readonly by: AssignedBy;
}

/** A function is bound to a driver of the host again, or to none. */
export interface Release {
  readonly kind: "release";
  readonly address: PciAddress;
  /** The stub driver that it has now, or the variant of one; undefined where a run was cut off between two drivers. */
  readonly stub: string | undefined;
  /** The driver it gets; undefined for none. */
  readonly to: string | undefined;
  readonly by: AssignedBy;
}

/** An unbind takes moments, or as long as somebody uses the device. */
const UNBIND_SECONDS = 30;

const functions = `
# PCI function, file of sysfs that takes it.
write_function() {
  printf %s "$1" > "$2"
}
# PCI function with a driver. The kernel waits while a process or a VM uses it (vfio_pci, nvidia).
unbind() {
  within ${UNBIND_SECONDS} write_function "$1" "/sys/bus/pci/devices/$1/driver/unbind"
  outcome=$?
  [ "$outcome" != 124 ] || has_driver "$1" "" ||
    echo "$driver has not let go of $1 within ${UNBIND_SECONDS} s: something uses it. It goes once that ends"
  return "$outcome"
}
# PCI function without a driver, driver to bind it to ("" for none).
give_driver() {
  [ -n "$2" ] && has_driver "$1" "" || return 0
  [ -d "/sys/bus/pci/drivers/$2" ] || limited 120 modprobe "$(cat "/sys/bus/pci/devices/$1/modalias")"
  ! has_driver "$1" "" || printf %s "$1" > "/sys/bus/pci/drivers/$2/bind"
}
# PCI function that is not on pciback. A slot that is left would let pciback take it again later.
drop_slot() {
  slots=/sys/bus/pci/drivers/pciback/slots
  ! has_driver "$1" pciback && [ -e "$slots" ] || return 0
  grep -qx "$1" "$slots"
  case $? in
    0) printf %s "$1" > /sys/bus/pci/drivers/pciback/remove_slot ;;
    1) ;;
    *) return 1 ;;
  esac
}
# PCI function. Before Xen 4.8 xl exits with 0 whatever happens; since 4.13 it binds the function and then fails if the
# quarantine fails.
make_assignable_xl() {
  said=$(limited 60 xl pci-assignable-add "$1" 2>&1)
  printf '%s\\n' "$said"
  case $said in
    *"failed to quarantine"*) return 1 ;;
  esac
  expect_driver "$1" pciback
}
# PCI function, driver to bind it to again ("" for none).
release_xl() {
  [ -e "/sys/bus/pci/devices/$1" ] || return 0
  if has_driver "$1" pciback; then
    limited 60 xl pci-assignable-remove "$1"
    # Since Xen 4.13 a function hidden at boot can be removed only after an add (libxl_pci.c: it is not in quarantine yet).
    ! has_driver "$1" pciback || { limited 60 xl pci-assignable-add "$1"; limited 60 xl pci-assignable-remove "$1"; }
  fi
  drop_slot "$1" || return
  give_driver "$1" "$2"
  expect_driver "$1" "$2"
}
# PCI function, stub driver.
make_assignable_sysfs() {
  device=/sys/bus/pci/devices/$1
  [ -d "/sys/bus/pci/drivers/$2" ] || limited 120 modprobe "$2" || return 1
  if [ -e "$device/driver_override" ]; then
    echo "$2" > "$device/driver_override" || return
    [ ! -e "$device/driver" ] || unbind "$1" || return
    printf %s "$1" > /sys/bus/pci/drivers_probe
  else
    # Before Linux 3.16 a stub driver takes all devices whose id it has, so the id is set only for a moment.
    [ ! -e "$device/driver" ] || unbind "$1" || return
    id="$(sed 's/^0x//' "$device/vendor") $(sed 's/^0x//' "$device/device")"
    printf %s "$id" > "/sys/bus/pci/drivers/$2/new_id" || return
    [ -e "$device/driver" ] || printf %s "$1" > "/sys/bus/pci/drivers/$2/bind"
    printf %s "$id" > "/sys/bus/pci/drivers/$2/remove_id"
  fi
  expect_driver "$1" "$2"
}
${OPEN_FILES}
# PCI function. While a VM has it, an unbind would wait until the VM stops.
expect_unheld() {
  group=$(readlink "/sys/bus/pci/devices/$1/iommu_group") || return 0
  group=/dev/vfio/\${group##*/}
  cdev=$(ls "/sys/bus/pci/devices/$1/vfio-dev" 2> /dev/null)
  found=$(open_files | awk -v group="$group" -v cdev="/dev/vfio/devices/\${cdev:-none}" '
    ${PROCESS_OF_FILES}
    $NF == group || $NF == cdev { print pid; exit }
    $1 == "unlisted" { print }') || return
  case $found in
    "") return 0 ;;
    unlisted) echo "the host did not list within ${PROCESSES_SECONDS} s what its processes have open, so one may hold $1. Try again" ;;
    *) echo "the process $found ($(cat "/proc/$found/comm" 2> /dev/null)), such as a VM, holds the IOMMU group of $1. Shut it down first" ;;
  esac
  return 1
}
# PCI function. Whether it is on vfio-pci or a variant of it, which modules.alias names.
on_vfio() {
  ! has_driver "$1" vfio-pci || return 0
  [ -n "$driver" ] && grep -q "^alias vfio_pci:.* $(echo "$driver" | tr - _)$" "/lib/modules/$(uname -r)/modules.alias" 2> /dev/null
}
# PCI function, driver to bind it to again ("" for none).
release_sysfs() {
  device=/sys/bus/pci/devices/$1
  [ -e "$device" ] || return 0
  expect_unheld "$1" || return
  [ ! -e "$device/driver_override" ] || echo > "$device/driver_override"
  has_driver "$1" "$2" || [ -z "$driver" ] || unbind "$1" || [ $? != 124 ] || return 124
  give_driver "$1" "$2"
  expect_driver "$1" "$2"
}
# PCI function. pciback logs "seizing device" only when it takes one, so its last log lines are the evidence.
make_assignable_pciback() {
  ! has_driver "$1" pciback || return 0
  [ -z "$driver" ] || unbind "$1" || return
  grep -q "^$1\\$" /sys/bus/pci/drivers/pciback/slots || printf %s "$1" > /sys/bus/pci/drivers/pciback/new_slot || return
  has_driver "$1" pciback || printf %s "$1" > /sys/bus/pci/drivers/pciback/bind
  expect_driver "$1" pciback && return
  dmesg | grep pciback | tail -n 3
  return 1
}
# PCI function, driver to bind it to again ("" for none).
release_pciback() {
  [ -e "/sys/bus/pci/devices/$1" ] || return 0
  ! has_driver "$1" pciback || unbind "$1" || [ $? != 124 ] || return 124
  drop_slot "$1" || return
  give_driver "$1" "$2"
  expect_driver "$1" "$2"
}
virsh_uri() {
  if [ "$(cat /sys/hypervisor/type 2> /dev/null)" = xen ]; then echo xen:///system; else echo qemu:///system; fi
}
# PCI function. Prints its name in libvirt. In RHEL 5, names consist of vendor and device (pci_8086_3a6c).
node_device() {
  domain=\${1%%:*} function=\${1##*.} slot=\${1%.*} bus=\${1#*:}
  slot=\${slot##*:} bus=\${bus%%:*}
  node=pci_\${domain}_\${bus}_\${slot}_$function
  limited 60 virsh -c "$(virsh_uri)" nodedev-dumpxml "$node" > /dev/null 2>&1 && { echo "$node"; return; }
  place=$(printf '%d:%d:%d:%d' "0x$domain" "0x$bus" "0x$slot" "0x$function")
  for node in $(limited 60 virsh -c "$(virsh_uri)" nodedev-list --cap pci); do
    found=$(limited 60 virsh -c "$(virsh_uri)" nodedev-dumpxml "$node" | sed -n \\
      -e 's/^    <\\(domain\\|bus\\|slot\\|function\\)>\\([0-9]*\\)<.*/\\2/p' | tr '\\n' ':')
    [ "$found" = "$place:" ] && { echo "$node"; return; }
  done
  echo "libvirt has no node device for $1" >&2
  return 1
}
# PCI function, stub driver or a variant of it. From 10.0 on, libvirt takes the variant that suits the device best.
make_assignable_virsh() {
  node=$(node_device "$1") || return
  help=$(limited 60 virsh help nodedev-detach 2>&1)
  case $help in
    *--driver*) case $2 in pciback | pci-stub) backend= ;; *) backend='--driver vfio' ;; esac ; command=nodedev-detach ;;
    *SYNOPSIS*) backend= command=nodedev-detach ;;
    *) backend= command=nodedev-dettach ;; # before libvirt 0.9.12
  esac
  limited 60 virsh -c "$(virsh_uri)" "$command" "$node" $backend
  asked=$?
  { [ "$2" = vfio-pci ] && on_vfio "$1" || expect_driver "$1" "$2"; } && return
  [ "$asked" != 124 ] || return 124
  return 1
}
# PCI function, driver to bind it to again ("" for none).
release_virsh() {
  [ -e "/sys/bus/pci/devices/$1" ] || return 0
  expect_unheld "$1" || return
  node=$(node_device "$1") && { limited 60 virsh -c "$(virsh_uri)" nodedev-reattach "$node" || [ $? != 124 ] || return 124; }
  # libvirt leaves the slot (seen with libvirt 9.0).
  drop_slot "$1" || return
  has_driver "$1" "$2" || release_sysfs "$1" "$2"
}`;

const assign = (by: AssignedBy, address: PciAddress, stub: string) => `make_assignable_${by} ${address} ${stub}`;
const release = (by: AssignedBy, address: PciAddress, driver: string | undefined) =>
  `release_${by} ${address} ${quote(driver ?? "")}`;

/** Binds a function to its stub driver; assumes that it still has the driver `from`. */
export const makeAssignable: StepType<MakeAssignable> = {
  takes: ({ address, stub }) => [{ address, when: "now", to: stub }],
  moves: ({ address }) => [address],
  gives: () => [],
  changes: ["functions"],
  rewrites: () => [],
  after: (facts, { address, stub }) => withDriver(facts, address, stub),
  assumes: ({ address, from }) => [`expect_driver ${address} ${quote(from ?? "")}`],
  perform: ({ by, address, stub }) => assign(by, address, stub),
  undo: ({ by, address, from }) => release(by, address, from),
  functions,
  describe: ({ address, from, stub }) =>
    from === undefined ? `bind ${address} to ${stub}` : `move ${address} from ${from} to ${stub}`,
};

/** Binds a function to a host driver again; assumes that it still has the driver `stub`. */
export const releaseDevice: StepType<Release> = {
  takes: () => [],
  moves: ({ address }) => [address],
  gives: () => [],
  changes: ["functions"],
  rewrites: () => [],
  after: (facts, { address, to }) => withDriver(facts, address, to),
  assumes: ({ address, stub }) => [`expect_driver ${address} ${quote(stub ?? "")}`],
  perform: ({ by, address, to }) => release(by, address, to),
  undo: ({ by, address, stub }) =>
    stub === undefined ? `has_driver ${address} '' || unbind ${address}` : assign(by, address, stub),
  functions,
  describe: ({ address, stub, to }) => {
    if (to === undefined) return `unbind ${address} from ${stub}`;
    return stub === undefined ? `bind ${address} to ${to} again` : `move ${address} from ${stub} back to ${to}`;
  },
};

function withDriver(facts: HostFacts, address: PciAddress, driver: string | undefined): HostFacts {
  const device = facts.pciDevices.get(address);
  return device ? { ...facts, pciDevices: new Map(facts.pciDevices).set(address, { ...device, driver }) } : facts;
}
