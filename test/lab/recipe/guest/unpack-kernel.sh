#!/bin/bash
# unpack-kernel.sh <vmlinuz>: prints the kernel that is packed in it, which Xen and QEMU start as well: unpacking xz takes
# the emulated processor many seconds. Where it lies is told in Documentation/x86/boot.rst of Linux.
set -euo pipefail
number() { od -A n -t "u$2" -j "$1" -N "$2" "$vmlinuz" | tr -d ' '; }

vmlinuz=$1
setup_sectors=$(number 0x1f1 1)
payload_offset=$(number 0x248 4)
payload_length=$(number 0x24c 4)
# Its last four bytes are the size of what is packed, and no part of the xz file.
dd if="$vmlinuz" iflag=skip_bytes,count_bytes status=none \
  skip=$(((setup_sectors + 1) * 512 + payload_offset)) count=$((payload_length - 4)) | xz -dc
