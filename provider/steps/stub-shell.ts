/** Functions that move PCI functions to a stub driver and back by sysfs alone, on hosts whose toolstack does not. */
export const STUB_FUNCTIONS = `
# PCI function, stub driver.
make_assignable_sysfs() {
  device=/sys/bus/pci/devices/$1
  [ -d "/sys/bus/pci/drivers/$2" ] || modprobe "$2" || return
  if [ -e "$device/driver_override" ]; then
    echo "$2" > "$device/driver_override" || return
    [ ! -e "$device/driver" ] || printf %s "$1" > "$device/driver/unbind" || return
    printf %s "$1" > /sys/bus/pci/drivers_probe
  else
    # Before Linux 3.16 a stub driver takes what it has an id for: the id is there for this moment alone.
    [ ! -e "$device/driver" ] || printf %s "$1" > "$device/driver/unbind" || return
    id="$(sed 's/^0x//' "$device/vendor") $(sed 's/^0x//' "$device/device")"
    printf %s "$id" > "/sys/bus/pci/drivers/$2/new_id" || return
    [ -e "$device/driver" ] || printf %s "$1" > "/sys/bus/pci/drivers/$2/bind"
    printf %s "$id" > "/sys/bus/pci/drivers/$2/remove_id"
  fi
  expect_driver "$1" "$2"
}
# PCI function. A VM has it: the kernel would let nobody take it away before the VM ends, and wait in the middle.
held_by_process() {
  group=$(readlink "/sys/bus/pci/devices/$1/iommu_group") || return
  cdev=$(ls "/sys/bus/pci/devices/$1/vfio-dev" 2> /dev/null)
  ls -l /proc/[0-9]*/fd 2> /dev/null | grep -q -e " -> /dev/vfio/\${group##*/}$" -e " -> /dev/vfio/devices/\${cdev:-none}$"
}
# PCI function, driver that gets it back ("" for none).
release_sysfs() {
  device=/sys/bus/pci/devices/$1
  [ -e "$device" ] || return 0
  if [ "$(driver_of "$1")" = vfio-pci ] && held_by_process "$1"; then
    echo "a running process, such as a VM, holds the IOMMU group of $1"
    return 1
  fi
  [ ! -e "$device/driver_override" ] || echo > "$device/driver_override"
  [ "$(driver_of "$1")" = "$2" ] || [ ! -e "$device/driver" ] || printf %s "$1" > "$device/driver/unbind"
  give_driver "$1" "$2"
  expect_driver "$1" "$2"
}`.trim();
