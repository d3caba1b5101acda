/**
 * What gives the devices of /etc/xen/pciback.conf to pciback at boot. It runs late, when the devices have their own
 * drivers, and fails softly: a missing device or a bind that fails costs that one device, never the boot.
 */

export const PCIBACK_CONF = "/etc/xen/pciback.conf";

/** Ours, where the host has none: the script itself, and on hosts with systemd the unit that runs it. */
export const BOOT_SCRIPT_NAME = "pulumi-pciback";
/** Where the script lies on a host whose init is SysV's. */
export const SYSV_SCRIPT = `/etc/init.d/${BOOT_SCRIPT_NAME}`;
/** Where the script lies on a host with systemd. */
export const SYSTEMD_SCRIPT = `/usr/local/sbin/${BOOT_SCRIPT_NAME}`;
/** The unit that runs it there. */
export const SYSTEMD_UNIT = `/etc/systemd/system/${BOOT_SCRIPT_NAME}.service`;

/**
 * POSIX sh for dash, busybox ash and old bash. Its head is read by insserv and update-rc.d (LSB 5.0, "Comment
 * Conventions for Init Scripts", with Debian's X-Start-Before) and by chkconfig(8), whose VMs start at 98 (xend) and 99
 * (xendomains) on RHEL 5.
 */
export const BOOT_SCRIPT = `#!/bin/sh
# chkconfig: 2345 90 10
# description: Gives the PCI devices of ${PCIBACK_CONF} to pciback.
### BEGIN INIT INFO
# Provides:          ${BOOT_SCRIPT_NAME}
# Required-Start:    $local_fs
# Required-Stop:
# X-Start-Before:    xen xend xendomains libvirtd libvirt-bin
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Gives the PCI devices of ${PCIBACK_CONF} to pciback
### END INIT INFO
# Written by pulumi-pci-passthrough, which removes it with its last entry in that file.

conf=${PCIBACK_CONF}
pciback=/sys/bus/pci/drivers/pciback
claims=/var/lib/pulumi-pci-passthrough/claims

driver_of() {
  link=$(readlink "/sys/bus/pci/devices/$1/driver") && echo "\${link##*/}"
}
hex() {
  read -r number < "/sys/bus/pci/devices/$1" && echo "\${number#0x}"
}
# Whether a claim says that the function $1 was another device.
is_another() {
  claimed="\\"address\\":\\"$1\\""
  ids="\\"id\\":\\"$(hex "$1/vendor"):$(hex "$1/device")\\""
  subsystem="\\"subsystem\\":\\"$(hex "$1/subsystem_vendor"):$(hex "$1/subsystem_device")\\""
  grep -qs "$claimed" "$claims"/HiddenPciDevice,* && ! grep -qs "$claimed,$ids,$subsystem" "$claims"/HiddenPciDevice,*
}
take() {
  if [ ! -e "/sys/bus/pci/devices/$1" ]; then
    echo "${BOOT_SCRIPT_NAME}: this host has no $1"
    return
  fi
  before=$(driver_of "$1")
  [ "$before" != pciback ] || return
  if is_another "$1"; then
    echo "${BOOT_SCRIPT_NAME}: $1 is not the device that was hidden: it keeps its driver"
    return
  fi
  [ -z "$before" ] || printf %s "$1" > "/sys/bus/pci/devices/$1/driver/unbind"
  grep -q "^$1\\$" "$pciback/slots" || printf %s "$1" > "$pciback/new_slot"
  [ "$(driver_of "$1")" = pciback ] || printf %s "$1" > "$pciback/bind"
  [ "$(driver_of "$1")" != pciback ] || return
  echo "${BOOT_SCRIPT_NAME}: pciback does not take $1"
  [ -z "$before" ] || printf %s "$1" > "/sys/bus/pci/drivers/$before/bind"
}

case "$1" in
  start)
    [ -e "$conf" ] || exit 0
    [ -d "$pciback" ] || modprobe xen-pciback || modprobe pciback
    if [ ! -d "$pciback" ]; then
      echo "${BOOT_SCRIPT_NAME}: pciback is not loaded"
      exit 0
    fi
    while read -r address rest; do
      case "$address" in
        '' | '#'*) ;;
        *) take "$address" ;;
      esac
    done < "$conf"
    ;;
  stop | status | restart | force-reload) ;;
  *)
    echo "Usage: $0 start" >&2
    exit 3
    ;;
esac
exit 0
`;

/** xen-init-dom0 and the like may be absent: an order says nothing of units that are not there (systemd.unit(5)). */
export const BOOT_UNIT = `[Unit]
Description=Gives the PCI devices of ${PCIBACK_CONF} to pciback
ConditionPathExists=${PCIBACK_CONF}
After=systemd-modules-load.service
Before=xendomains.service xend.service libvirtd.service libvirt-guests.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${SYSTEMD_SCRIPT} start
TimeoutStartSec=90

[Install]
WantedBy=multi-user.target
`;
