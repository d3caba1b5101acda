/** How long a disk has to come back, in seconds. */
const DISK_SECONDS = 20;

/**
 * Shell functions that save which file systems are mounted from the disks of PCI functions, and mount them again when the
 * disks have come back. Left out is what the kernel knows by no number of a disk or partition: btrfs, ZFS, LVM, RAID,
 * encrypted volumes, and what has no UUID.
 */
export const MOUNT_PLACE_FUNCTIONS = `
# PCI functions. Prints what is mounted from their disks, as the kernel writes it in /proc/self/mountinfo: mount point, UUID,
# type, options of the mount, options of the file system.
save_mounts() {
  numbers_of "$@"
  # Most have none of their disks mounted.
  set --
  for number in $numbers; do set -- "$@" -e " \${number#*=} "; done
  [ $# -gt 0 ] && grep -qF "$@" /proc/self/mountinfo || return 0
  {
    printf '%s\\n' $numbers | sed 's/^\\(.*\\)=/number \\1 /'
    ls -l /dev/disk/by-uuid/ | sed -n 's#.* \\([^ ]*\\) -> .*/\\([^/]*\\)$#uuid \\1 \\2#p'
    sed 's/^/mount /' /proc/self/mountinfo
  } 2> /dev/null | awk '
    $1 == "number" { name[$3] = $2 }
    $1 == "uuid" { uuid[$3] = $2 }
    # A part of a file system that is mounted elsewhere is none that is mounted by itself.
    $1 == "mount" && $5 == "/" && ($4 in name) && (name[$4] in uuid) {
      for (i = 8; $i != "-" && i < NF; i++) continue
      print $6, uuid[name[$4]], $(i + 1), $7, $(i + 3)
    }'
}
# PCI functions. Sets "numbers" to name=number of each of their disks and partitions.
numbers_of() {
  numbers=
  for link in /sys/class/block/*; do
    cd -P "$link" || continue
    for function in "$@"; do
      case $PWD in */"$function"/*) add_numbers "\${link##*/}" ;; esac
    done
  done
  cd /
}
# Disk. Adds its numbers and those of its partitions.
add_numbers() {
  disk=$1
  # A multipath NVMe disk is a virtual device; its paths are nvme0c0n1.
  case $disk in nvme*c*n*) disk=\${disk%%c*}n\${disk##*n} ;; esac
  for file in "/sys/class/block/$disk/dev" "/sys/class/block/$disk/$disk"*/dev; do
    [ -e "$file" ] || continue
    read -r number < "$file"
    file=\${file%/dev}
    numbers="$numbers \${file##*/}=$number"
  done
}
# Text of save_mounts. Mounts again what is no longer mounted from a disk that is there.
restore_mounts() {
  printf '%s\\n' "$1" | {
    failed=0
    while read -r point uuid type options more; do
      export point
      is_mounted || mount_again || failed=1
    done
    exit "$failed"
  }
}
# Waits for the disk with $uuid. One that went keeps its number as long as something is mounted from it.
is_mounted() {
  read_uptime
  limit=$((uptime + ${DISK_SECONDS}))
  until [ -e "/dev/disk/by-uuid/$uuid" ] || [ "$uptime" -ge "$limit" ]; do
    sleep 1
    read_uptime
  done
  name=$(readlink "/dev/disk/by-uuid/$uuid") && read -r number < "/sys/class/block/\${name##*/}/dev" || return
  [ "$(awk '$5 == ENVIRON["point"] { number = $3 } END { print number }' /proc/self/mountinfo)" = "$number" ]
}
mount_again() {
  # Blanks in it are octal numbers.
  point=$(printf "$(printf '%s' "$point" | sed 's/%/%%/g')")
  umount -l "$point" 2> /dev/null
  mount -t "$type" -o "$options,$more" "/dev/disk/by-uuid/$uuid" "$point" ||
    mount -t "$type" -o "$options" "/dev/disk/by-uuid/$uuid" "$point"
}`;
