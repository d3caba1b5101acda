#!/bin/bash
# pack.sh <kernel's module folder>: prints the ramdisk of a guest that is one busybox and the drivers it can be given.
set -euo pipefail
recipe=$(cd "$(dirname "$0")" && pwd)
modules=$1
ramdisk=$(mktemp -d)
trap 'rm -rf "$ramdisk"' EXIT

mkdir -p "$ramdisk"/{bin,proc,sys,dev,lib/modules}
cp "$(command -v busybox)" "$ramdisk/bin/busybox"
cp "$modules"/kernel/drivers/pci/xen-pcifront.ko "$modules"/kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko \
  "$modules"/kernel/drivers/nvme/host/{nvme,nvme-core}.ko \
  "$modules"/kernel/drivers/{block/xen-blkfront,net/xen-netfront}.ko "$ramdisk/lib/modules/"
install -m 755 "$recipe/init" "$ramdisk/init"
(cd "$ramdisk" && find . | cpio --quiet -o -H newc)
