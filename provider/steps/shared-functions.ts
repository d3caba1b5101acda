/** Shell functions that several types of step call. They print what went wrong and return non-zero. */
export const SHARED_FUNCTIONS = `
# PCI function. Prints its driver; nothing when it has none.
driver_of() {
  [ -e "/sys/bus/pci/devices/$1/driver" ] || return 0
  driver=$(readlink "/sys/bus/pci/devices/$1/driver") && echo "\${driver##*/}"
}
# PCI function, driver ("" for none).
expect_driver() {
  found=$(driver_of "$1") || return
  [ "$found" = "$2" ] && return
  echo "$1 has the driver \\"$found\\", not \\"$2\\""
  return 1
}
# File, its checksum or "absent".
expect_file() {
  if [ -e "$1" ]; then sum=$(cksum < "$1"); else sum=absent; fi
  [ "\${sum%% *}" = "$2" ] && return
  echo "$1 does not have the expected contents"
  return 1
}
# Folder. Without power, a name that was put into it or taken out of it is kept only after this. coreutils before 8.24 and
# old busybox sync everything instead.
sync_folder() {
  sync "$1" 2> /dev/null || sync
}
# File. Removes it, and what a run that was cut off may have left beside it.
remove_file() {
  rm -f "$1" "\${1%/*}/.pci-passthrough-new" || return
  [ ! -d "\${1%/*}" ] || sync_folder "\${1%/*}"
}
# File, mode of a new file (default: by the umask). Replaces it by standard input: written in the same folder, synced,
# then renamed, with the same mode and owner. Whatever fails leaves nothing behind.
replace_file() {
  folder=\${1%/*}
  next=$folder/.pci-passthrough-new
  mkdir -p "$folder" || return
  rm -f "$next" || return
  if { [ ! -e "$1" ] || cp -a "$1" "$next"; } && cat > "$next" && { [ -z "\${2:-}" ] || chmod "$2" "$next"; } && { dd if=/dev/null of="$next" conv=fsync,notrunc 2> /dev/null || sync; } && mv -f "$next" "$1"; then
    sync_folder "$folder"
    return
  fi
  rm -f "$next"
  if lsattr -d "$1" 2> /dev/null | grep -q '^[^ ]*i'; then
    echo "$1 is immutable. Make it writable: chattr -i $1"
  fi
  return 1
}`;
