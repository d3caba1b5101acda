import { RUN_FOLDER, STATE_FOLDER } from "../claims/folders";

/** Names the folders of others that an apply made, one a line, until it ends: what is undone removes them as well. */
export const MADE_FOLDERS = `${RUN_FOLDER}/made-folders`;

/** Shell functions that several types of step call. They print what went wrong and return non-zero. */
export const SHARED_FUNCTIONS = `
# PCI function, driver ("" for none). Sets "driver" to the one that it has; starts no program for that.
has_driver() {
  driver=
  if [ -e "/sys/bus/pci/devices/$1/driver" ]; then
    driver=unknown
    cd -P "/sys/bus/pci/devices/$1/driver" && driver=\${PWD##*/}
    cd /
  fi
  [ "$driver" = "$2" ]
}
# As has_driver.
expect_driver() {
  has_driver "$1" "$2" && return
  echo "$1 has the driver \\"$driver\\", not \\"$2\\""
  return 1
}
# File, its checksum or "absent".
expect_file() {
  if [ -e "$1" ]; then sum=$(cksum "$1"); else sum=absent; fi
  [ "\${sum%% *}" = "$2" ] && return
  echo "$1 does not have the expected contents"
  return 1
}
# File, the one line that it has. As expect_file, without a program.
expect_line() {
  line= more=
  [ -e "$1" ] && { IFS= read -r line && ! IFS= read -r more; } < "$1" && [ "$line" = "$2" ] && [ -z "$more" ] && return
  echo "$1 does not have the expected contents"
  return 1
}
# Folder. Without power, a name that was put into it or taken out of it is kept only after this. coreutils before 8.24 and
# old busybox sync everything instead.
sync_folder() {
  sync "$1" 2> /dev/null || sync
}
# File. Removes it, what a run that was cut off may have left beside it, and the folder that it was made for in this apply.
remove_file() {
  rm -f "$1" "\${1%/*}/.pci-passthrough-new" && drop_copy "$1" || return
  [ ! -e ${MADE_FOLDERS} ] || ! grep -qxF "\${1%/*}" ${MADE_FOLDERS} || rmdir "\${1%/*}" 2> /dev/null
  [ ! -d "\${1%/*}" ] || sync_folder "\${1%/*}"
}
# File, text, mode of a new file (default: by the umask). Replaces the file: written in the same folder, synced, then
# renamed, with the same mode and owner. Whatever fails leaves nothing behind.
put_text() {
  # dash does not say why it could not write; cat does.
  begin_file "$1" && { printf %s "$2" > "$next" 2> /dev/null || printf %s "$2" | cat > "$next"; } &&
    finish_file "$1" "\${3:-}" || drop_file "$1"
}
# File, mode of a new file. As put_text, by standard input.
replace_file() {
  begin_file "$1" && cat > "$next" && finish_file "$1" "\${2:-}" || drop_file "$1"
}
# File. Sets "copy" to where a trial has it as it was before the first step.
copy_of() {
  copy=\${1%/*}/.\${1##*/}.pci-passthrough-old
}
# File. Fails unless it is a trial that is taken back, which has a copy of the file: a full disk has no room for its text.
put_back() {
  copy_of "$1"
  folder=\${1%/*} next=$copy
  [ -n "$taking_back" ] && [ -e "$copy" ] && finish_file "$1" ""
}
# File. Removes the copy that an earlier trial may have left.
drop_copy() {
  copy_of "$1"
  [ -n "$trial" ] || [ ! -e "$copy" ] || rm -f "$copy"
}
begin_file() {
  folder=\${1%/*}
  next=$folder/.pci-passthrough-new
  [ -d "$folder" ] || make_noted_folder || return
  [ ! -e "$next" ] && [ ! -L "$next" ] || rm -f "$next" || return
  drop_copy "$1" || return
  [ ! -e "$1" ] || cp -a "$1" "$next"
}
make_noted_folder() {
  case $folder in
    ${STATE_FOLDER}/* | ${RUN_FOLDER}/*) ;;
    *) echo "$folder" >> ${MADE_FOLDERS} || return ;;
  esac
  mkdir -p "$folder"
}
finish_file() {
  [ -z "$2" ] || chmod "$2" "$next" || return
  dd if=/dev/null of="$next" conv=fsync,notrunc 2> /dev/null || sync
  mv -f "$next" "$1" && sync_folder "$folder"
}
drop_file() {
  rm -f "$next"
  if lsattr -d "$1" 2> /dev/null | grep -q '^[^ ]*i'; then
    echo "$1 is immutable. Make it writable: chattr -i $1"
  fi
  return 1
}`;
