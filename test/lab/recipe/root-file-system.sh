#!/bin/bash
# root-file-system.sh <folder>: makes <folder>/root, Debian 12 with Xen 4.17, libvirt and the guest's ramdisk; and the
# keys to log in with and to know the host by.
set -euo pipefail
recipe=$(cd "$(dirname "$0")" && pwd)
cd "$1"

if [ "$(id -u)" != 0 ]; then
  echo "Building the lab host needs root: mmdebstrap and chroot make a root file system that root owns." >&2
  exit 1
fi

packages=(
  linux-image-amd64 initramfs-tools grub-pc systemd-sysv udev kmod dbus
  xen-system-amd64 qemu-system-xen
  libvirt-daemon-system libvirt-daemon-driver-xen libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils
  driverctl pciutils lvm2
  e2fsprogs lz4 openssh-server iproute2 ifupdown ca-certificates procps less sudo busybox python3-minimal
)
mmdebstrap --variant=apt --aptopt='Apt::Install-Recommends "false"' \
  --include="$(IFS=,; echo "${packages[*]}")" bookworm root

cp -r --no-preserve=ownership "$recipe/host/." root/
# Debian's own file stays and says what else can be set there.
echo 'XENCONSOLED_ARGS=--log=guest' >> root/etc/default/xen
mkdir -p root/var/log/xen/console
printf '%s\n' virtio_pci virtio_blk ext4 e1000e nvme xhci_pci >> root/etc/initramfs-tools/modules

ssh-keygen -q -t ed25519 -N '' -C lab -f identity
install -D -m 600 identity.pub root/root/.ssh/authorized_keys
chmod 700 root/root/.ssh
cp root/etc/ssh/ssh_host_ed25519_key.pub host-key.pub

kernel=$(basename root/boot/vmlinuz-*)
"$recipe/guest/unpack-kernel.sh" "root/boot/$kernel" > root/root/vmlinuz-guest
"$recipe/guest/pack.sh" "root/lib/modules/${kernel#vmlinuz-}" > root/root/guest.img
# Where libvirt's security driver lets an unprivileged QEMU read it.
install -D -m 644 root/root/guest.img root/var/lib/libvirt/images/guest.img

chroot root systemctl --quiet enable systemd-networkd ssh
# Timers that would take the emulated processor away from a test, and daemons that their sockets start when needed.
chroot root systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer man-db.timer \
  e2scrub_reap.service dpkg-db-backup.timer logrotate.timer systemd-tmpfiles-clean.timer
# Services that a boot waits for, and the audit of each login, which no test needs.
chroot root systemctl --quiet mask ifupdown-pre.service networking.service systemd-networkd-wait-online.service \
  systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-pstore.service systemd-update-utmp.service \
  systemd-update-utmp-runlevel.service systemd-journald-audit.socket systemd-journal-flush.service \
  systemd-sysusers.service systemd-network-generator.service systemd-random-seed.service modprobe@.service \
  sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  dev-mqueue.mount dev-hugepages.mount systemd-fsckd.socket systemd-initctl.socket systemd-pcrphase.service \
  systemd-pcrphase-sysinit.service systemd-ask-password-console.path systemd-ask-password-wall.path \
  getty.target serial-getty@ttyS0.service serial-getty@hvc0.service getty@tty1.service dm-event.socket
chroot root systemctl --quiet disable libvirtd.service libvirt-guests.service lvm2-monitor.service blk-availability.service
# Each login makes its message anew, with five programs.
rm -r root/etc/update-motd.d

# An initramfs takes 430 programs instead of 1,250 without these hooks (the host has no LVM below it, and is not checked),
# and with functions that do by themselves what they started programs for.
initramfs=root/usr/share/initramfs-tools
chmod -x "$initramfs"/hooks/{lvm2,dmsetup,fsck,thermal,resume,keymap}
sed -i "$initramfs/hook-functions" \
  -e 's|\[ "$(readlink -f /bin)" = /usr/bin \]|[ /bin -ef /usr/bin ]|' \
  -e 's|"$(realpath -ms "/${target}")" .*|"/${target#/}"|' \
  -e 's|"$(realpath -s "$src")"|"$src"|' \
  -e 's|\tmkdir -p \(".*"\)$|\t[ -d \1 ] \|\| mkdir -p \1|' \
  -e 's|nonoptlib=$(echo "${\(.*\)}" . sed .*|nonoptlib=$\1|'
# Its disk is there at once, or never.
sed -i 's/slumber=30$/slumber=5/' "$initramfs/scripts/local"
chroot root update-initramfs -u
