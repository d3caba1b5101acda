/** Devices of running VMs by xm, and of pciback by sysfs where there is no xl to do it. */
export const XM_FUNCTIONS = `
# Domain id, PCI function. xend of before Xen 4.0 writes the function with two digits (pciif.py: "%04x:%02x:%02x.%02x"), and
# xenstore-ls of that age knows no -f.
xm_domain_has() {
  xenstore-ls "/local/domain/0/backend/pci/$1" 2> /dev/null | grep -q "dev-[0-9]* = \\"\${2%.*}\\\\.0*\${2##*.}\\""
}
# Domain id, PCI function, and what else xm pci-attach takes. Its exit code tells nothing of the device.
xm_attach() {
  domain=$1
  device=$2
  shift 2
  xm_domain_has "$domain" "$device" || xm pci-attach "$@" "$domain" "$device"
  for second in 1 2 3 4 5; do
    xm_domain_has "$domain" "$device" && return
    sleep 1
  done
  echo "domain $domain does not have $device"
  return 1
}
# Domain id, PCI function. The guest has to let go, which takes it a moment.
xm_detach() {
  xm_domain_has "$1" "$2" || return 0
  xm pci-detach "$1" "$2"
  for second in 1 2 3 4 5 6 7 8 9 10; do
    xm_domain_has "$1" "$2" || return 0
    sleep 1
  done
  echo "domain $1 still has $2"
  return 1
}
# PCI function. pciback says "seizing device" when it takes one, and nothing when it does not: what it said last is the evidence.
make_assignable_pciback() {
  [ "$(driver_of "$1")" != pciback ] || return 0
  [ -z "$(driver_of "$1")" ] || printf %s "$1" > "/sys/bus/pci/devices/$1/driver/unbind" || return
  grep -q "^$1\\$" /sys/bus/pci/drivers/pciback/slots || printf %s "$1" > /sys/bus/pci/drivers/pciback/new_slot || return
  [ "$(driver_of "$1")" = pciback ] || printf %s "$1" > /sys/bus/pci/drivers/pciback/bind
  expect_driver "$1" pciback && return
  dmesg | grep pciback | tail -n 3
  return 1
}
# PCI function, driver that gets it back ("" for none). Without its slot pciback does not take it again.
release_pciback() {
  [ -e "/sys/bus/pci/devices/$1" ] || return 0
  if [ "$(driver_of "$1")" = pciback ]; then
    printf %s "$1" > /sys/bus/pci/drivers/pciback/unbind
    ! grep -q "^$1\\$" /sys/bus/pci/drivers/pciback/slots || printf %s "$1" > /sys/bus/pci/drivers/pciback/remove_slot
  fi
  give_driver "$1" "$2"
  expect_driver "$1" "$2"
}`.trim();
