import { quote } from "../shell";
import { formatHostdev, formatSourceAddress } from "../vm-text/domain-xml";
import type { VirshChange } from "./step";
import type { StepShell } from "./step-shell";

/** Functions for hosts with libvirt. */
export const VIRSH_FUNCTIONS = `
VIRSH_FILE=/var/run/pulumi-pci-passthrough/virsh.xml
# URI, VM, the source address of a function as libvirt writes it, "config" or "live".
vm_has() {
  if [ "$4" = config ]; then set -- "$1" "$2" "$3" --inactive; else set -- "$1" "$2" "$3"; fi
  virsh -c "$1" dumpxml "$2" $4 | grep -qF "$3"
}
# The same, "yes" or "no".
expect_vm_has() {
  if vm_has "$1" "$2" "$3" "$4"; then has=yes; else has=no; fi
  [ "$has" = "$5" ] && return
  echo "the VM $2 was changed by somebody else ($4: $3)"
  return 1
}
# "attach-device" or "detach-device", URI, VM, source address, "config" or "live", <hostdev>, flag.
change_device() {
  printf '%s\\n' "$6" > "$VIRSH_FILE" || return
  virsh -c "$2" "$1" "$3" "$VIRSH_FILE" $7
  status=$?
  rm -f "$VIRSH_FILE"
  [ "$status" -eq 0 ] || return
  [ "$1" = detach-device ] || return 0
  # The guest has to let go, and a success says only that it was asked to (seen with libvirt 9.0).
  for second in 1 2 3 4 5 6 7 8 9 10; do
    vm_has "$2" "$3" "$4" "$5" || return 0
    sleep 1
  done
  echo "the VM still has the device: its guest did not let go"
  return 1
}
# URI, VM, indices of root ports that libvirt made. When one stays, no harm is done.
drop_ports() {
  for port in $3; do
    printf '%s\\n' "<controller type='pci' index='$port' model='pcie-root-port'/>" > "$VIRSH_FILE" &&
      virsh -c "$1" detach-device "$2" "$VIRSH_FILE" --config
    rm -f "$VIRSH_FILE"
  done
}
# As change_device, by a new definition: what "virsh edit" does, for a virsh that edits no configuration itself.
define_device() {
  ( umask 077; virsh -c "$2" dumpxml --inactive --security-info "$3" > "$VIRSH_FILE" ) || return
  if [ "$1" = attach-device ]; then
    HOSTDEV=$6 awk '/^  <\\/devices>/ { print ENVIRON["HOSTDEV"] } { print }' "$VIRSH_FILE" > "$VIRSH_FILE.new"
  else
    awk -v address="$4" '
      /^    <hostdev / { block = $0; inside = 1; next }
      inside && /^    <\\/hostdev>/ { if (!index(block, address)) print block "\\n" $0; inside = 0; next }
      inside { block = block "\\n" $0; next }
      { print }' "$VIRSH_FILE" > "$VIRSH_FILE.new"
  fi
  virsh -c "$2" define "$VIRSH_FILE.new"
  status=$?
  rm -f "$VIRSH_FILE" "$VIRSH_FILE.new"
  return "$status"
}
virsh_uri() {
  if [ "$(cat /sys/hypervisor/type 2> /dev/null)" = xen ]; then echo xen:///system; else echo qemu:///system; fi
}
# PCI function: its name in libvirt. Those of RHEL 5 were made of vendor and device (pci_8086_3a6c).
node_device() {
  node=pci_$(echo "$1" | sed 's/[:.]/_/g')
  virsh -c "$(virsh_uri)" nodedev-dumpxml "$node" > /dev/null 2>&1 && { echo "$node"; return; }
  address=$(echo "$1" | sed 's/[:.]/ /g')
  set -- "$1" $address
  place="$(printf '%d:%d:%d:%d' "0x$2" "0x$3" "0x$4" "0x$5")"
  for node in $(virsh -c "$(virsh_uri)" nodedev-list --cap pci); do
    found=$(virsh -c "$(virsh_uri)" nodedev-dumpxml "$node" | sed -n \\
      -e 's/^    <\\(domain\\|bus\\|slot\\|function\\)>\\([0-9]*\\)<.*/\\2/p' | tr '\\n' ':')
    [ "$found" = "$place:" ] && { echo "$node"; return; }
  done
  echo "libvirt has no node device for $1" >&2
  return 1
}
# PCI function, stub driver.
make_assignable_virsh() {
  node=$(node_device "$1") || return
  help=$(virsh help nodedev-detach 2>&1)
  case $help in
    *--driver*) [ "$2" = vfio-pci ] && backend='--driver vfio' || backend= ; command=nodedev-detach ;;
    *SYNOPSIS*) backend= command=nodedev-detach ;;
    *) backend= command=nodedev-dettach ;; # before libvirt 0.9.12
  esac
  virsh -c "$(virsh_uri)" "$command" "$node" $backend
  expect_driver "$1" "$2"
}
# PCI function, driver that gets it back ("" for none).
release_virsh() {
  [ -e "/sys/bus/pci/devices/$1" ] || return 0
  node=$(node_device "$1") && virsh -c "$(virsh_uri)" nodedev-reattach "$node"
  # libvirt leaves the slot, and pciback would take the function again some day (seen with libvirt 9.0).
  if grep -qx "$1" /sys/bus/pci/drivers/pciback/slots 2> /dev/null && [ "$(driver_of "$1")" != pciback ]; then
    printf %s "$1" > /sys/bus/pci/drivers/pciback/remove_slot
  fi
  [ "$(driver_of "$1")" = "$2" ] || release_sysfs "$1" "$2"
}`.trim();

/** SELinux, which has the last word on what QEMU of libvirt may do. */
export const SELINUX_FUNCTIONS = `
# Boolean, "on" or "off".
expect_boolean() {
  [ "$(getsebool "$1")" = "$1 --> $2" ] && return
  echo "the SELinux boolean $1 is not $2 any more"
  return 1
}
# Boolean, 1 or 0, what it then is.
set_boolean() {
  setsebool -P "$1" "$2" && expect_boolean "$1" "$3"
}`.trim();

export function virshShell(step: VirshChange): StepShell {
  const attach = step.kind === "virsh-attach";
  const about = [quote(step.uri), step.vm.uuid, quote(formatSourceAddress(step.hostdev.address)), step.to].join(" ");
  const { madePorts = [] } = step;
  const hasPorts = madePorts.length > 0;
  // Put back, it gets a root port of libvirt's choice again.
  const hostdev = quote(
    formatHostdev(hasPorts && !attach ? { ...step.hostdev, guestAddress: undefined } : step.hostdev),
  );
  const drop = hasPorts
    ? ` || return\ndrop_ports ${quote(step.uri)} ${step.vm.uuid} ${quote(madePorts.join(" "))}`
    : "";
  const flag = step.separateScopes ? ` --${step.to}` : "";
  const change = (command: string) =>
    step.to === "config" && !step.separateScopes
      ? `define_device ${command} ${about} ${hostdev}`
      : `change_device ${command} ${about} ${hostdev}${flag}`;
  const undone = `vm_has ${about} ${attach ? "|| return 0" : "&& return 0"}`;
  return {
    expect: [`expect_vm_has ${about} ${attach ? "no" : "yes"}`],
    perform: attach ? change("attach-device") : `${change("detach-device")}${drop}`,
    undo: attach ? `${undone}\n${change("detach-device")}${drop}` : `${undone}\n${change("attach-device")}`,
  };
}

export function booleanShell(name: string, to: boolean): StepShell {
  const set = (value: boolean) => `set_boolean ${quote(name)} ${value ? "1 on" : "0 off"}`;
  return { expect: [`expect_boolean ${quote(name)} ${to ? "off" : "on"}`], perform: set(to), undo: set(!to) };
}
