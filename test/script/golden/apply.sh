# begin of run-1
clear_up() {
  find /var/lib/pulumi-pci-passthrough /var/run/pulumi-pci-passthrough/virsh.xml /var/run/pulumi-pci-passthrough/virsh.xml.new /var/run/pulumi-pci-passthrough/made-folders -depth '(' -name .pci-passthrough-new -exec rm -f {} \; -o -name '.*.pci-passthrough-old' -exec rm -f {} \; -o -name 'virsh.xml*' -exec rm -f {} \; -o -name made-folders -exec rm -f {} \; -o -type d -exec rmdir {} \; ')' 2> /dev/null
}
# A part of a line, too, is told as a line of its own.
tell_log() {
  awk '{ print "|" $0 }' "$log" >> "$result"
  awk '{ print "|" $0 }' "$log" 2> /dev/null
}
# Group, how many steps it has.
run_group() {
  step=0
  within 900 perform_group "$1" "$2"
  outcome=$?
  if [ "$outcome" = 0 ]; then
    eval "done_$1=$2"
    tell "@group $1 done"
  elif [ "${reached:-0}" = 0 ]; then
    tell "@group $1 stale"
    tell_log
  elif [ "$outcome" = 124 ]; then
    owed=yes
    tell "@group $1 unknown $reached"
    tell_log
  else
    tell "@group $1 failed $reached"
    tell_log
    undo_group "$1" "$reached"
  fi
}
# Group, how many steps it has. All in one process, since a slow host takes as long for a process as for a step.
perform_group() {
  : > "$log"
  "expect_group_$1" || return
  while [ "$step" -lt "$2" ]; do
    # Without whoever waits for it, it goes no further: the lock may be another's.
    kill -0 $$ || return
    step=$((step + 1))
    : > "$log"
    # A step of which nobody knows would not be undone.
    note_watched 900 || return
    # Not ":", which is a special built-in: where it cannot redirect, dash ends.
    [ -z "$trial" ] || true > "$trial/begun.$1.$step" || return
    "perform_$1_$step" || return
  done
}
# Group, the step to begin with: undoes from there back to the first. left: whether something could not be undone.
undo_group() {
  eval "done_$1="
  undo=$2
  left=
  while [ "$undo" -ge 1 ]; do
    undo_step "$1" "$undo"
    undo=$((undo - 1))
  done
  [ -z "$trial" ] || rm -f "$trial/begun.$1".*
}
# Group, step.
undo_step() {
  : > "$log"
  within 900 "undo_$1_$2" && return
  left=yes
  owed=yes
  tell "@group $1 not-undone $2"
  tell_log
  return 1
}
# PCI function, driver ("" for none). Sets "driver" to the one that it has; starts no program for that.
has_driver() {
  driver=
  if [ -e "/sys/bus/pci/devices/$1/driver" ]; then
    driver=unknown
    cd -P "/sys/bus/pci/devices/$1/driver" && driver=${PWD##*/}
    cd /
  fi
  [ "$driver" = "$2" ]
}
# As has_driver.
expect_driver() {
  has_driver "$1" "$2" && return
  echo "$1 has the driver \"$driver\", not \"$2\""
  return 1
}
# File, its checksum or "absent".
expect_file() {
  if [ -e "$1" ]; then sum=$(cksum "$1"); else sum=absent; fi
  [ "${sum%% *}" = "$2" ] && return
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
  rm -f "$1" "${1%/*}/.pci-passthrough-new" && drop_copy "$1" || return
  [ ! -e /var/run/pulumi-pci-passthrough/made-folders ] || ! grep -qxF "${1%/*}" /var/run/pulumi-pci-passthrough/made-folders || rmdir "${1%/*}" 2> /dev/null
  [ ! -d "${1%/*}" ] || sync_folder "${1%/*}"
}
# File, text, mode of a new file (default: by the umask). Replaces the file: written in the same folder, synced, then
# renamed, with the same mode and owner. Whatever fails leaves nothing behind.
put_text() {
  # dash does not say why it could not write; cat does.
  begin_file "$1" && { printf %s "$2" > "$next" 2> /dev/null || printf %s "$2" | cat > "$next"; } &&
    finish_file "$1" "${3:-}" || drop_file "$1"
}
# File. Sets "copy" to where a trial has it as it was before the first step.
copy_of() {
  copy=${1%/*}/.${1##*/}.pci-passthrough-old
}
# File. Fails unless it is a trial that is taken back, which has a copy of the file: a full disk has no room for its text.
put_back() {
  copy_of "$1"
  folder=${1%/*} next=$copy
  [ -n "$taking_back" ] && [ -e "$copy" ] && finish_file "$1" ""
}
# File. Removes the copy that an earlier trial may have left.
drop_copy() {
  copy_of "$1"
  [ -n "$trial" ] || [ ! -e "$copy" ] || rm -f "$copy"
}
begin_file() {
  folder=${1%/*}
  next=$folder/.pci-passthrough-new
  [ -d "$folder" ] || make_noted_folder || return
  [ ! -e "$next" ] && [ ! -L "$next" ] || rm -f "$next" || return
  drop_copy "$1" || return
  [ ! -e "$1" ] || cp -a "$1" "$next"
}
make_noted_folder() {
  case $folder in
    /var/lib/pulumi-pci-passthrough/* | /var/run/pulumi-pci-passthrough/*) ;;
    *) echo "$folder" >> /var/run/pulumi-pci-passthrough/made-folders || return ;;
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
}
# PCI function without a driver, driver to bind it to ("" for none).
give_driver() {
  [ -n "$2" ] && has_driver "$1" "" || return 0
  [ -d "/sys/bus/pci/drivers/$2" ] || limited 120 modprobe "$(cat "/sys/bus/pci/devices/$1/modalias")"
  ! has_driver "$1" "" || printf %s "$1" > "/sys/bus/pci/drivers/$2/bind"
}
# PCI function that is not on pciback. A slot that is left would let pciback take it again later.
drop_slot() {
  slots=/sys/bus/pci/drivers/pciback/slots
  ! has_driver "$1" pciback && [ -e "$slots" ] || return 0
  grep -qx "$1" "$slots"
  case $? in
    0) printf %s "$1" > /sys/bus/pci/drivers/pciback/remove_slot ;;
    1) ;;
    *) return 1 ;;
  esac
}
# PCI function. Before Xen 4.8 xl exits with 0 whatever happens; since 4.13 it binds the function and then fails if the
# quarantine fails.
make_assignable_xl() {
  said=$(limited 60 xl pci-assignable-add "$1" 2>&1)
  printf '%s\n' "$said"
  case $said in
    *"failed to quarantine"*) return 1 ;;
  esac
  expect_driver "$1" pciback
}
# PCI function, driver to bind it to again ("" for none).
release_xl() {
  [ -e "/sys/bus/pci/devices/$1" ] || return 0
  if has_driver "$1" pciback; then
    limited 60 xl pci-assignable-remove "$1"
    # Since Xen 4.13 a function hidden at boot can be removed only after an add (libxl_pci.c: it is not in quarantine yet).
    ! has_driver "$1" pciback || { limited 60 xl pci-assignable-add "$1"; limited 60 xl pci-assignable-remove "$1"; }
  fi
  drop_slot "$1" || return
  give_driver "$1" "$2"
  expect_driver "$1" "$2"
}
# nic: make 0000:01:00.0 assignable
expect_group_1() {
  expect_file /var/lib/pulumi-pci-passthrough/claims/AssignableDevice,0000:01:00.0 absent || return
  expect_driver 0000:01:00.0 e1000e || return
  :
}
perform_1_1() {
put_text /var/lib/pulumi-pci-passthrough/claims/AssignableDevice,0000:01:00.0 '{"version":2,"token":"token-1","project":"test","stack":"dev","label":"nic","functions":[{"address":"0000:01:00.0","id":"8086:10d3","subsystem":"8086:0000","driver":"e1000e"}],"entries":[],"bootId":"3543b2d8-f740-4680-a8ce-a2ebc254dd77"}
' || return
expect_line /var/lib/pulumi-pci-passthrough/claims/AssignableDevice,0000:01:00.0 '{"version":2,"token":"token-1","project":"test","stack":"dev","label":"nic","functions":[{"address":"0000:01:00.0","id":"8086:10d3","subsystem":"8086:0000","driver":"e1000e"}],"entries":[],"bootId":"3543b2d8-f740-4680-a8ce-a2ebc254dd77"}'
}
undo_1_1() {
  [ -z "$left" ] || return 0
  remove_file /var/lib/pulumi-pci-passthrough/claims/AssignableDevice,0000:01:00.0
}
perform_1_2() {
  make_assignable_xl 0000:01:00.0 pciback
}
undo_1_2() {
  release_xl 0000:01:00.0 e1000e
}
# nic-of-web: attach 0000:01:00.0 to the VM "pv1"
expect_group_2() {
  expect_file /var/lib/pulumi-pci-passthrough/claims/VmPciAttachment,0000:01:00.0,6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f absent || return
  expect_file /etc/xen/pv1.cfg 2034128848 || return
  :
}
perform_2_1() {
put_text /var/lib/pulumi-pci-passthrough/claims/VmPciAttachment,0000:01:00.0,6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f '{"version":2,"token":"token-2","project":"test","stack":"dev","label":"nic-of-web","functions":[{"address":"0000:01:00.0","id":"8086:10d3","subsystem":"8086:0000"}],"entries":[{"kind":"vm-file","path":"/etc/xen/pv1.cfg","address":"0000:01:00.0","undo":{"additions":{"pci":true,"newline":false}}}]}
' || return
expect_line /var/lib/pulumi-pci-passthrough/claims/VmPciAttachment,0000:01:00.0,6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f '{"version":2,"token":"token-2","project":"test","stack":"dev","label":"nic-of-web","functions":[{"address":"0000:01:00.0","id":"8086:10d3","subsystem":"8086:0000"}],"entries":[{"kind":"vm-file","path":"/etc/xen/pv1.cfg","address":"0000:01:00.0","undo":{"additions":{"pci":true,"newline":false}}}]}'
}
undo_2_1() {
  [ -z "$left" ] || return 0
  remove_file /var/lib/pulumi-pci-passthrough/claims/VmPciAttachment,0000:01:00.0,6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f
}
perform_2_2() {
[ -e /var/lib/pulumi-pci-passthrough/before/etc/xen/pv1.cfg ] || put_text /var/lib/pulumi-pci-passthrough/before/etc/xen/pv1.cfg '# a guest   by hand
name   = "pv1"
uuid = "6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f"
kernel = "/root/vmlinuz-guest"
ramdisk = "/root/guest.img"
memory = 128
vcpus=1 # one
' || return
put_text /etc/xen/pv1.cfg '# a guest   by hand
name   = "pv1"
uuid = "6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f"
kernel = "/root/vmlinuz-guest"
ramdisk = "/root/guest.img"
memory = 128
vcpus=1 # one
pci = [ '\''0000:01:00.0'\'' ]
' || return
expect_file /etc/xen/pv1.cfg 2279677811
}
undo_2_2() {
expect_file /etc/xen/pv1.cfg 2034128848 > /dev/null || put_back /etc/xen/pv1.cfg || put_text /etc/xen/pv1.cfg '# a guest   by hand
name   = "pv1"
uuid = "6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f"
kernel = "/root/vmlinuz-guest"
ramdisk = "/root/guest.img"
memory = 128
vcpus=1 # one
' || return
! expect_file /var/lib/pulumi-pci-passthrough/before/etc/xen/pv1.cfg 2034128848 > /dev/null || remove_file /var/lib/pulumi-pci-passthrough/before/etc/xen/pv1.cfg
}
run_all() {
  run_group 1 2
  run_group 2 2
}
apply() {
  owed=
  rebuilt=
  trial= taking_back=
  questions='pci_devices storage network network_storage console usb_devices pciback files pciback_conf processes stub_drivers xen_cmdline claims removals unfinished_runs virtual_functions'
  run_all
  clear_up
  tell '@apply end'
  facts_in_time 240
  { kill "$watcher" && wait "$watcher"; } 2> /dev/null
  flock -u 9
}
apply < /dev/null # end of run-1
