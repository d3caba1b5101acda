#!/bin/bash
# disk.sh <folder>: turns <folder>/root into <folder>/disk.qcow2, with kernel and initrd beside it for the first boot,
# which installs GRUB. mke2fs writes into the partition by offset, so no loop device is needed.
set -euo pipefail
cd "$1"

partition_start=$((1024 * 1024))
truncate -s 6G disk.raw
echo '2048,,83,*' | sfdisk --quiet disk.raw
blocks=$((($(stat -c %s disk.raw) - partition_start) / 4096))
# The same UUID in every build: boot/grub/custom.cfg names the menu entry by it.
mke2fs -q -t ext4 -b 4096 -L root -U 6c61622d-686f-7374-2d72-6f6f742d6673 -d root \
  -E "offset=$partition_start,root_owner=0:0" disk.raw "$blocks"

cp root/boot/vmlinuz-* vmlinuz
cp root/boot/initrd.img-* initrd
qemu-img convert -O qcow2 disk.raw disk.qcow2
rm -rf root disk.raw
