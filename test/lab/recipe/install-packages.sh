#!/bin/bash
# Installs the Debian packages that building and booting the lab host need, where they are missing.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

packages=(qemu-system-x86 qemu-utils mmdebstrap e2fsprogs fdisk busybox-static cpio kmod openssh-client util-linux xz-utils)

# Test files run side by side, and the second apt-get would fail at the lock of the first (seen on a new machine).
exec 9> "${TMPDIR:-/tmp}/pci-passthrough-lab-packages.lock"
flock 9

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "The lab host needs packages that are not installed: ${missing[*]}. Run as root on Debian or Ubuntu:" >&2
  echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
apt-get update -q
apt-get install -y -q --no-install-recommends "${missing[@]}"
