LC_ALL=C
export LC_ALL
unset XE_EXTRA_ARGS
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/xensource/bin:$PATH
SSH_ROUTE=$1
LOCKED=
known_functions=
[ -n "$has_timeout" ] || case $(timeout --help 2> /dev/null) in
  *--kill-after*'GNU coreutils'*) has_timeout=yes ;;
  # Some busybox has no setsid: a program ends alone then, without its children.
  *) has_timeout=no own_session=$(command -v setsid) ;;
esac
# Seconds, program with its arguments. Exits with 124 when the program had to be killed. The program gets no input, and
# neither the lock (9) nor the connection (8): what it leaves behind must not hold them.
limited() {
  if [ "$has_timeout" = yes ]; then
    timeout -k 2 "$@" < /dev/null 8>&- 9>&-
  else
    limited_seconds=$1
    shift
    $own_session "$@" < /dev/null 8>&- 9>&- &
    limited_program=$!
    {
      while sleep 1; do
        limited_seconds=$((limited_seconds - 1))
        [ "$limited_seconds" -le 0 ] || continue
        kill -KILL "-$limited_program" || kill -KILL "$limited_program"
        break
      done
    } > /dev/null 2>&1 8>&- 9>&- &
    limited_watcher=$!
    wait "$limited_program"
  fi
  limited_status=$?
  # bash says "Terminated" of what was not waited for.
  [ "$has_timeout" = yes ] || { kill "$limited_watcher" && wait "$limited_watcher"; } 2> /dev/null
  # 137: it was killed, by timeout when it did not heed the first signal.
  [ "$limited_status" -ne 137 ] || limited_status=124
  return "$limited_status"
}
# Paths. Prints those that exist.
print_paths() {
  for path in "$@"; do
    [ ! -e "$path" ] || printf '%s\n' "$path"
  done
}
# Files of one line. Prints "file:line" of each, as grep -H does.
print_values() {
  for file in "$@"; do
    value=
    [ ! -r "$file" ] || IFS= read -r value < "$file"
    [ -z "$value" ] || printf '%s:%s\n' "$file" "$value"
  done
}
# Links. Prints "link -> folder" of each that leads to a folder.
print_links() {
  for link in "$@"; do
    [ ! -L "$link" ] || ! cd -P "$link" || printf '%s -> %s\n' "$link" "$PWD"
  done
  cd /
}
# Sets "functions" to the PCI functions that there are.
list_functions() {
  functions=
  for function in /sys/bus/pci/devices/*; do
    functions="$functions ${function##*/}"
  done
}
# Whether the PCI functions are others than those that this script has read before.
has_other_functions() {
  list_functions
  [ "$functions" != "$known_functions" ]
}
# Whether this is the control domain of a Xen host.
on_xen() {
  hypervisor=
  read -r hypervisor < /sys/hypervisor/type
  [ "$hypervisor" = xen ] && ! is_domu
}
# Whether this system on Xen is a VM itself. xenfs says so (linux, drivers/xen/xenfs/super.c, 6.1); where it is not
# mounted, bit 11 of the features does, which only the control domain has (xen/include/public/features.h, XENFEAT_dom0;
# linux, drivers/xen/sys-hypervisor.c prints them as hexadecimal digits).
is_domu() {
  capabilities= features=
  if [ -e /proc/xen/capabilities ]; then
    read -r capabilities < /proc/xen/capabilities
    [ "$capabilities" != control_d ]
  else
    read -r features < /sys/hypervisor/properties/features
    case $features in "" | *[89a-f]??) return 1 ;; esac
  fi
}
print_files() {
  printed='
'
  links=
  for file in "$@"; do
    shift
    [ -f "$file" ] || continue
    case $printed in *"
$file
"*) continue ;; esac
    printed="$printed$file
"
    set -- "$@" "$file"
    [ ! -L "$file" ] || links="$links$file
$(readlink -f "$file")
"
  done
  [ $# -eq 0 ] || cksum "$@" | links=$links awk '
    BEGIN { count = split(ENVIRON["links"], line, "\n"); for (i = 1; i < count; i += 2) target[line[i]] = line[i + 1] }
    {
      file = $0
      sub(/^[0-9]+ [0-9]+ /, "", file)
      print "file " file
      print $1 " " $2
      print ((file in target) ? target[file] : file)
      while ((getline text < file) > 0) print ">" text
      close(file)
      print ""
    }'
}
# Address, own address. Sets "interface" to what packets leave through; empty when that is unknown. A link-local address
# names it (fe80::1%eth0).
route_to() {
  interface=${1#*%}
  [ "$interface" = "$1" ] || return 0
  route=$(ip route get "$1" ${2:+from "$2"}) || route=$(ip route get "$1")
  route=${route##* dev }
  interface=${route%% *}
}
open_files() {
  limited 30 ls -ln /proc/[0-9]*/fd 2> /dev/null
  # Files of processes that end meanwhile are no failure; what could not be started at all (126, 127) is.
  [ $? -le 2 ] || echo unlisted
}
ask_machine() {
  print_values /etc/machine-id /var/lib/dbus/machine-id /proc/sys/kernel/random/boot_id /proc/sys/kernel/osrelease /proc/cmdline
  [ ! -e /etc/xensource-inventory ] || grep -H '^INSTALLATION_UUID=' /etc/xensource-inventory || [ $? = 1 ] || echo "/unread:"
  hypervisor=
  read -r hypervisor < /sys/hypervisor/type
  [ "$hypervisor" != xen ] || ! is_domu || echo domu
  # "clientip clientport serverip serverport", sshd(8); the ports differ from session to session
  set -- $SSH_ROUTE
  echo "/ssh:$1 $3"
  for command in flock cksum dd sed grep mktemp readlink; do
    command -v "$command" >&2 || echo "/missing/$command:"
  done
  command -v setsid >&2 || echo "/without-setsid:"
}
ask_pci_devices() {
  print_links /sys/bus/pci/devices/* /sys/bus/pci/devices/*/driver /sys/bus/pci/devices/*/physfn /sys/bus/pci/devices/*/iommu_group
  grep -H '' /sys/bus/pci/devices/*/vendor /sys/bus/pci/devices/*/device /sys/bus/pci/devices/*/subsystem_vendor /sys/bus/pci/devices/*/subsystem_device /sys/bus/pci/devices/*/class
  print_paths /sys/bus/pci/devices/*/reset
  if has_other_functions; then
    prefix 'lspci '
    limited 30 lspci -D
  fi
}
ask_storage() {
  print_links /sys/class/block/*
  print_paths /sys/class/block/*/slaves/* /sys/fs/btrfs/*/devices/*
  grep -H '' /sys/class/block/*/dev /sys/class/block/*/size /sys/class/block/*/dm/name /sys/class/block/*/dm/uuid /sys/class/block/*/loop/backing_file
  # Linux 2.6.18 has neither /sys/class/block nor mountinfo: print what it has in today's form.
  [ -d /sys/class/block ] || for block in /sys/block/*; do
    disk=${block##*/}
    device=/sys/devices/virtual
    [ ! -e "$block/device" ] || ! cd -P "$block/device" || device=$PWD
    for part in "$block" "$block/$disk"*; do
      [ -e "$part/dev" ] || continue
      name=${part##*/}
      path=$device/block/$disk
      [ "$part" = "$block" ] || path=$path/$name
      read -r number < "$part/dev"
      printf '%s\n' "/sys/class/block/$name -> $path" "/sys/class/block/$name/dev:$number"
    done
    for slave in "$block"/slaves/*; do
      [ ! -e "$slave" ] || echo "/sys/class/block/$disk/slaves/${slave##*/}"
    done
  done
  [ -e /proc/self/mountinfo ] || while read -r source point type options; do
    case $source in
      /dev/* | rootfs) ;;
      *) continue ;;
    esac
    number=$(stat -c %d "$point")
    echo "mount 0 0 $((number >> 8 & 4095)):$((number & 255 | number >> 12 & 1048320)) / $point rw - $type $source -"
  done < /proc/mounts
  prefix 'mount '
  cat /proc/self/mountinfo
  prefix ''
  while read -r area type more; do
    echo "swap $area $type"
  done < /proc/swaps
  # What is on the disks, from udev's database; blkid would have to read the disks.
  if [ -d /run/udev/data ]; then
    grep -HE '^(S:|E:ID_FS_(TYPE|LABEL)=)' /run/udev/data/b*
  elif command -v blkid > /dev/null; then
    prefix 'blkid '
    limited 20 blkid
    blkid_status=$?
    prefix ''
    [ "$blkid_status" != 124 ] || echo blkid-silent
  fi
  # Of the status only pools and their devices: the rest changes with every error and scrub.
  if [ -d /sys/module/zfs ] && command -v zpool > /dev/null; then
    limited 20 zpool status -LP | sed -n -e 's/^ *pool: /zpool /p' -e 's#^[[:space:]]*\(/dev/[^[:space:]]*\).*#vdev \1#p'
  fi
  return 0
}
ask_network() {
  print_links /sys/class/net/* /sys/class/net/*/master
  print_paths /sys/class/net/*/lower_* /sys/class/net/lo/name_assign_type /sys/bus/pci/devices/*/net /sys/bus/pci/devices/*/virtio*/net
  grep -H '' /sys/class/net/*/ifindex /sys/class/net/*/iflink /sys/class/net/*/type /sys/class/net/*/operstate /sys/class/net/*/uevent
  # Linux before 3.9 has no lower links, and in 2.6.18 an interface is a folder with a link to its device.
  [ -e /sys/class/net/lo/name_assign_type ] || for port in /sys/class/net/*/brif/* /sys/class/net/*/slave_*; do
    upper=${port%/brif/*} upper=${upper%/slave_*} lower=${port##*/}
    [ ! -e "$port" ] || echo "$upper/lower_${lower#slave_}"
  done
  for nic in /sys/class/net/*; do
    [ ! -L "$nic" ] && [ -d "$nic" ] || continue
    device=/sys/devices/virtual
    [ ! -e "$nic/device" ] || ! cd -P "$nic/device" || device=$PWD
    echo "$nic -> $device/net/${nic##*/}"
  done
  # Arguments of ip. Prints what routes go through, other than those that every interface has.
  routed() {
    ip "$@" | awk '
      /^(local|broadcast|anycast|multicast|fe80::\/64|ff00::\/8) / { next }
      match($0, / dev [^ ]+/) { name = substr($0, RSTART + 5, RLENGTH - 5) }
      name != "" && !seen[name]++ { print "routed " name }
      END { exit NR == 0 }'
  }
  if ip -o addr; then
    # All tables, of IPv4 and IPv6 (iproute2: filter.tb is 0, so the family stays AF_UNSPEC).
    routed route show table all || { routed route; routed -6 route; }
    # Where tunnels lead: a hub has too many peers to look at all. None is among bridges, bonds and the ports of VMs.
    tunnels=
    for nic in /sys/devices/virtual/net/*; do
      read -r type < "$nic/type" || type=
      [ "$nic" = /sys/devices/virtual/net/lo ] || [ -e "$nic/bridge" ] || [ -e "$nic/bonding" ] ||
        { [ -e "$nic/tun_flags" ] && [ "$type" = 1 ]; } || tunnels=yes
    done
    [ -z "$tunnels" ] || {
      { ip -d -o link || ip -o link; } | sed -n \
        -e 's/^[0-9]*: \([^:@ ]*\)[:@].* remote \([0-9a-f.:]*\) .*/\1 \2/p' \
        -e 's/^[0-9]*: \([^:@ ]*\)[:@].* peer \([0-9a-f.:]*\).*/\1 \2/p'
      limited 10 wg show all endpoints | sed -n 's/^\([^ 	]*\).*[ 	]\[*\([0-9a-f.:]*\)]*:[0-9]*$/\1 \2/p'
    } | sort -u | head -n 32 | while read -r tunnel remote; do
      route_to "$remote"
      [ -z "$interface" ] || echo "through $tunnel $interface"
    done
  else
    ifconfig -a | sed -n -e 's/^\([^ ][^ ]*\).*/ifconfig \1/p' \
      -e 's/^ *inet6* *\(addr:\)* *\([0-9a-f.:][0-9a-f.:]*\).*/ifconfig-address \2/p'
  fi
  [ ! -e /proc/net/pppoe ] || sed -n '2,$s/.* \([^ ]*\) *$/pppoe \1/p' /proc/net/pppoe
  # "clientip clientport serverip serverport", sshd(8)
  set -- $SSH_ROUTE
  route_to "${1#::ffff:}" "${3#::ffff:}"
  [ -z "$interface" ] || echo "to-client $interface"
}
ask_network_storage() {
  servers=$(sed -n \
    -e 's/^[^ ]* \([^ ]*\) \([^ ]*\) .*[ ,]addr=\([0-9a-f.:]*\).*/\3 \1 (\2)/p' \
    -e 's/^\([0-9.]*\):[^ ]*\/[^ ]* \([^ ]*\) ceph .*/\1 \2 (ceph)/p' /proc/mounts)
  for file in /sys/class/iscsi_connection/*/address; do
    [ -e "$file" ] && read -r server < "$file" || continue
    servers="$servers
  $server an iSCSI target"
  done
  for file in /sys/class/nvme/*/address; do
    [ -e "$file" ] && read -r address < "$file" || continue
    server=${address#traddr=}
    [ "$server" = "$address" ] || servers="$servers
  ${server%%,*} an NVMe disk"
  done
  [ -z "$servers" ] || printf '%s\n' "$servers" | sort -u | head -n 64 | while read -r server what; do
    [ -n "$server" ] || continue
    route_to "$server"
    echo "storage $server $interface $what"
  done
}
ask_console() {
  print_values /sys/bus/pci/devices/*/boot_vga
  print_links /sys/class/graphics/fb0/device
  consoles=
  if [ -e /sys/class/tty/console/active ]; then
    read -r consoles < /sys/class/tty/console/active
  else
    read -r arguments < /proc/cmdline
    for argument in $arguments; do
      case $argument in "console="*) argument=${argument#console=} consoles="$consoles ${argument%%,*}" ;; esac
    done
  fi
  for console in $consoles; do
    print_links "/sys/class/tty/$console"
  done
  cat /proc/bus/input/devices
}
ask_usb_devices() {
  print_links /sys/bus/usb/devices/usb* /sys/bus/usb/devices/*:*/driver
  print_values /sys/bus/usb/devices/*-*/idVendor /sys/bus/usb/devices/*-*/idProduct
}
ask_pciback() {
  print_links /sys/bus/pci/drivers/*/module
  print_paths /sys/bus/pci/drivers/pciback
  read -r release < /proc/sys/kernel/osrelease
  kind=
  for file in "/lib/modules/$release/kernel/drivers/xen/"*pciback/*; do
    [ ! -e "$file" ] || { kind=module; echo "module $file"; }
  done
  [ -n "$kind" ] || [ -e /sys/bus/pci/drivers/pciback ] ||
    ! grep -q 'xen-pciback\.ko' "/lib/modules/$release/modules.builtin" || echo builtin
  has_other_functions || return 0
  asked=
  for device in /sys/bus/pci/devices/*; do
    [ -e "$device/driver" ] && [ ! -e "/sys/bus/pci/drivers/pciback/${device##*/}" ] && continue
    # Bridges, of which a host has many without a driver, are never hidden.
    read -r class < "$device/class"
    case $class in 0x06*) continue ;; esac
    read -r modalias < "$device/modalias"
    # The virtual functions of a card stand side by side, and are all of one kind.
    [ "$modalias" = "$asked" ] || set -- $(modprobe -R "$modalias")
    asked=$modalias
    echo "native ${device##*/} $1"
  done
}
ask_files() {
  vm_configs=/etc/xen/*.cfg
  xend_files=
  if command -v xm >&2; then
    vm_configs='/etc/xen/*'
    xend_files='/etc/xen/xend-pci-permissive.sxp /etc/xen/xend-pci-quirks.sxp'
  fi
  pciback_conf=
  pciback_conf_readers=
  if on_xen; then
    pciback_conf='/etc/xen/pciback.conf /etc/modules /etc/modules-load.d/*.conf'
    pciback_conf_readers=$(grep -ls 'pciback\.conf' /etc/init.d/* /etc/rc.local /etc/rc.d/rc.local /etc/systemd/system/*.service /lib/systemd/system/*.service /usr/local/sbin/* /usr/local/bin/*)
  fi
  set -- /etc/xen/auto/*
  printf 'vm-config %s\n' $vm_configs "$@"
  # What a link leads to, or a program names, may be on a network file system, which hangs while its server is away.
  elsewhere=
  for file in $vm_configs "$@"; do
    [ ! -L "$file" ] || elsewhere=yes
  done
  if [ -n "$elsewhere" ]; then
    limited 20 ls -dL $vm_configs "$@" > /dev/null
    [ $? != 124 ] || { echo vm-configs-unread; vm_configs=; set --; }
  fi
  printf 'pciback-conf-reader %s\n' $pciback_conf_readers
  print_files /etc/modprobe.d/*.conf /etc/modprobe.conf /etc/default/grub /etc/default/grub.d/*.cfg /boot/grub/custom.cfg /boot/grub/pci-passthrough.env /boot/grub2/grub.cfg /boot/grub/grub.cfg /boot/efi/EFI/*/grub.cfg /boot/grub2/grubenv /boot/grub/grubenv /boot/grub/grub.conf /boot/grub/menu.lst /boot/loader/entries/*.conf /efi/loader/entries/*.conf /boot/efi/loader/entries/*.conf /etc/kernel/cmdline /etc/kernel/proxmox-boot-uuids /etc/initramfs-tools/hooks/pulumi-pci-passthrough /etc/initramfs-tools/scripts/init-top/pulumi-pci-passthrough /usr/lib/dracut/modules.d/90pulumi-pci-passthrough/* /usr/share/dracut/modules.d/90pulumi-pci-passthrough/* /etc/dracut.conf.d/pulumi-pci-passthrough.conf /etc/mkinitfs/mkinitfs.conf /etc/mkinitfs/features.d/pulumi-pci-passthrough.modules /etc/udev/rules.d/70-pulumi-pci-passthrough-*.rules \
    $vm_configs "$@" $xend_files $pciback_conf $pciback_conf_readers
}
ask_pciback_conf() {
  on_xen || return 0
  if [ -d /run/systemd/system ]; then
    echo "init systemd"
  elif command -v insserv >&2 || command -v update-rc.d >&2 || command -v chkconfig >&2; then
    echo "init sysv"
  fi
  for link in /etc/rc[S2345].d/S[0-9]* /etc/systemd/system/*.wants/*; do
    name=${link##*/}
    case $link in /etc/rc?.d/*) name=${name#S[0-9][0-9]} ;; esac
    echo "start $name"
  done
  [ -d /etc/modules-load.d ] && echo "modules-load.d"
}
ask_boot() {
  [ ! -d /sys/firmware/efi ] || echo uefi
  [ ! -d /run/systemd/system ] || echo systemd
  for variable in LoaderInfo LoaderEntrySelected StubInfo; do
    file=/sys/firmware/efi/efivars/$variable-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
    [ ! -r "$file" ] || echo "$variable $(tr -cd ' -~' < "$file")"
  done
  for program in update-initramfs dracut mkinitfs update-grub grub-mkconfig grub2-mkconfig; do
    command -v "$program" > /dev/null && echo "program $program"
  done
  for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
    [ -e "$folder/grub-mkconfig" ] || continue
    grep -q default/grub.d "$folder/grub-mkconfig" && echo drop-ins
    break
  done
  for folder in /usr/lib/dracut /usr/share/dracut; do
    [ ! -d "$folder/modules.d" ] || echo "dracut $folder"
  done
  prefix 'modprobe '
  command -v kmod > /dev/null || modprobe --version
}
ask_xen() {
  on_xen || return
  print_values /sys/hypervisor/version/major /sys/hypervisor/version/minor
  command -v xl >&2 || { command -v xm >&2 && limited 30 xm info; return 1; }
  limited 30 xl info
}
ask_xend() {
  command -v xm || return 0
  limited 30 xm list > /dev/null && echo answers
  limited 30 xm help --long | sed -n 's/^ *\(pci-[a-z-]*\).*/knows \1/p'
}
ask_domains() {
  on_xen || return 0
  if ! command -v xl >&2; then
    command -v xm >&2 || return 0
    echo xend
    limited 20 xm list --long || limited 20 xm list --long || limited 20 xm list --long
    return
  fi
  # A try that failed has printed something, too.
  table=$(limited 20 xl list || limited 20 xl list || limited 20 xl list)
  status=$?
  prefix 'list '
  printf '%s\n' "$table"
  [ "$status" = 0 ] || return "$status"
  # Six words are the head. Where no VM runs, none has devices or disks, and two more programs of Xen need not start.
  set -- $table
  [ $# != 12 ] || [ "$7 $8" != "Domain-0 0" ] || return 0
  prefix 'store '
  limited 20 xenstore-ls -f /local/domain/0/backend/pci 2>&1
  store=$?
  prefix ''
  echo "store-ended $store"
  limited 20 xl list -l || limited 20 xl list -l || limited 20 xl list -l
}
ask_processes() {
  present=
  for file in /dev/nvidia[0-9]* /dev/dri/card[0-9]* /dev/uio[0-9]*; do
    [ ! -e "$file" ] || present=yes
  done
  [ -n "$present" ] || ! on_xen || return 0
  open_files | awk '
    /\/fd:$/ { sub(/\/fd:$/, ""); sub(/.*\//, ""); pid = $0 }
    / -> (\/dev\/(vfio\/.*[0-9]|nvidia[0-9]+|dri\/[a-zA-Z]+[0-9]+|uio[0-9]+)|anon_inode:kvm-vm)$/ && !seen[pid, $NF]++ { print pid, $NF }
    $1 == "unlisted" { print }' | while read -r pid file; do
    [ "$pid" != unlisted ] || echo unlisted
    name= class= device=
    read -r name < "/proc/$pid/comm"
    case $file in
      /dev/dri/*) class=drm ;;
      /dev/uio*) class=uio ;;
      /dev/vfio/devices/*) class=vfio-dev ;;
    esac
    [ -z "$class" ] || ! cd -P "/sys/class/$class/${file##*/}/device" || device=$PWD
    echo "opened $pid $file ${device:-none} $name"
  done
  for file in /proc/driver/nvidia/gpus/*/information; do
    [ -e "$file" ] || continue
    while read -r first second minor; do
      [ "$first $second" != "Device Minor:" ] || echo "nvidia $minor $file"
    done < "$file"
  done
  for file in /var/run/libvirt/qemu/*.pid /var/run/qemu-server/*.pid; do
    [ -e "$file" ] || continue
    pid=
    read -r pid < "$file"
    echo "vm $pid $file"
  done
  return 0
}
ask_guest_complaints() {
  # Complaints are about what pciback has.
  set -- /sys/bus/pci/drivers/pciback/*:*
  [ -e "$1" ] || return 0
  set -- /var/log/xen/console/guest-*.log
  [ ! -e "$1" ] || limited 20 grep -l 'XENBUS: Device with no driver: device/pci/' "$@"
  dmesg | grep 'tried to write to a read-only configuration space field'
}
ask_libvirt() {
  command -v virsh >&2 || return 0
  libvirt_uri=qemu:///system
  if on_xen; then
    libvirt_uri=xen:///system
    if command -v xl >&2 || command -v xm >&2 || command -v xe >&2; then echo not-asked; return 0; fi
  fi
  echo "uri $libvirt_uri"
  libvirt_run() {
    limited 60 virsh -c "$libvirt_uri" "$@"
  }
  libvirt_found= libvirt_snapshots='snapshot-list' libvirt_list='list --all --uuid' libvirt_listed=yes
  libvirt_said=$(libvirt_run "version; help attach-device; $libvirt_list" 2>&1) || libvirt_listed=no
  libvirt_uuids=$(printf '%s\n' "$libvirt_said" | grep -x '[0-9a-f]\{8\}-[0-9a-f-]\{27\}')
  case $libvirt_said in *"support option --uuid"*)
    # Before libvirt 0.9.13 the list has only names, and virsh skips a whole line for one word that it does not know.
    libvirt_list= libvirt_listed=yes
    libvirt_said=$(libvirt_run 'version; help attach-device' 2>&1)
    limited 60 virsh help snapshot-list >&2 || libvirt_snapshots=
    libvirt_table=$(libvirt_run list --all) || libvirt_listed=no
    libvirt_found=$(printf '%s\n' "$libvirt_table" | sed -n 's/^ *[-0-9][0-9]* \(.*\)$/\1/p' |
      sed -e 's/^ *//' -e 's/ *$//' -e 's/ \(running\|idle\|paused\|in shutdown\|shut off\|crashed\|dying\|no state\)$//' -e 's/ *$//' |
      while read -r libvirt_name; do
        libvirt_run domuuid "$libvirt_name" < /dev/null || printf 'unknown %s\n' "$libvirt_name"
      done)
    libvirt_uuids=$(printf '%s\n' "$libvirt_found" | grep -v '^unknown ') ;;
  esac
  [ "$libvirt_listed" = yes ] || echo not-listed
  prefix 'said '
  printf '%s\n' "$libvirt_said" "$libvirt_found"
  case $libvirt_said in *'Using library: libvir'*) ;; *) return 0 ;; esac
  libvirt_infos= libvirt_xmls=
  for libvirt_uuid in $libvirt_uuids; do
    libvirt_infos="$libvirt_infos dominfo $libvirt_uuid; ${libvirt_snapshots:+snapshot-list $libvirt_uuid;}"
    libvirt_xmls="$libvirt_xmls dumpxml --inactive $libvirt_uuid; dumpxml $libvirt_uuid;"
  done
  [ -n "$libvirt_infos" ] || return 0
  prefix 'info '
  libvirt_run "$libvirt_infos"
  prefix 'xml '
  libvirt_run "$libvirt_xmls $libvirt_list"
  return 0
}
ask_selinux() {
  command -v getenforce >&2 || return 0
  getenforce
  getsebool virt_use_sysfs
}
ask_stub_drivers() {
  read -r release < /proc/sys/kernel/osrelease
  modules=/lib/modules/$release
  elsewhere=
  for stub in vfio-pci pci-stub; do
    [ ! -d "/sys/bus/pci/drivers/$stub" ] || echo "registered $stub"
    found=
    for file in "$modules/kernel/drivers/vfio/pci/$stub.ko"* "$modules/kernel/drivers/pci/$stub.ko"*; do
      [ ! -e "$file" ] || { found=yes; echo "module $file"; }
    done
    [ -n "$found" ] || elsewhere=yes
  done
  [ -z "$elsewhere" ] || grep -E -s -o '^[^:]*(vfio-pci|pci-stub)\.ko' "$modules/modules.dep" "$modules/modules.builtin"
  on_xen || grep -s '^alias vfio_pci:' "$modules/modules.alias"
  return 0
}
ask_xapi() {
  [ -e /etc/xensource-inventory ] || return 0
  grep -H '' /etc/xensource-inventory /etc/xensource/pool.conf
  command -v xe > /dev/null || return 0
  xe_failed() { [ $? != 124 ] || said='it did not answer in time'; xe_said failed; }
  xe_said() { prefix ">$1 "; printf '%s\n' "$said"; prefix ''; }
  said=$(limited 60 xe vm-list --all params=uuid,name-label,is-a-template,is-a-snapshot,snapshots,is-control-domain,power-state,resident-on,affinity,other-config,dom-id,ha-restart-priority 2>&1) || { xe_failed; return 0; }
  xe_said vm
  vms=$said
  said=$(limited 60 xe host-list params=uuid,name-label 2>&1) || { xe_failed; return 0; }
  xe_said host
  said=$(limited 60 xe pool-list params=uuid,ha-enabled 2>&1) || { xe_failed; return 0; }
  xe_said pool
  printf '%s\n' "$vms" | while IFS= read -r line; do
    case $line in
      "uuid ("*) uuid=${line##* } template=false ;;
      *" is-a-template ("*": true") template=true ;;
      *" other-config ("*": pci: "* | *" other-config ("*"; pci: "*)
        [ "$template" = false ] || continue
        said=$(limited 60 xe vm-param-get "uuid=$uuid" param-name=other-config param-key=pci)
        case $? in 0) xe_said "pci $uuid" ;; 124) said='it did not answer in time'; xe_said failed ;; esac ;;
    esac
  done
  said=$(limited 60 xe vgpu-list params=uuid,vm-name-label,gpu-group-name-label) && xe_said vgpu
  for physical in /sys/bus/pci/devices/*/physfn; do
    [ -e "$physical" ] || break
    host=$(sed -n "s/^INSTALLATION_UUID='\(.*\)'/\1/p" /etc/xensource-inventory)
    said=$(limited 60 xe pif-list "host-uuid=$host" params=uuid,device,sriov-physical-PIF-of) && xe_said pif
    break
  done
  return 0
}
ask_xen_cmdline() {
  [ -x /opt/xensource/libexec/xen-cmdline ] || return 0
  for boot_file in /boot/efi/EFI/xenserver/grub.cfg /boot/grub/grub.cfg /boot/grub2/grub.cfg; do
    [ ! -e "$boot_file" ] || break
  done
  print_files "$boot_file"
  if said=$(limited 30 /opt/xensource/libexec/xen-cmdline --get-dom0 xen-pciback.hide 2>&1); then outcome=get; else outcome=failed; fi
  prefix "$outcome "
  printf '%s\n' "$said"
}
ask_claims() {
  print_files /var/lib/pulumi-pci-passthrough/claims/*
}
ask_removals() {
  print_files /var/run/pulumi-pci-passthrough/removed/*
}
ask_unfinished_runs() {
  set -- /var/lib/pulumi-pci-passthrough/unfinished/*
  [ -e "$1" ] || return 0
  [ -n "$LOCKED" ] || [ ! -e /var/run/pulumi-pci-passthrough/lock ] || flock -s -n /var/run/pulumi-pci-passthrough/lock true || return 0
  print_files "$@"
}
ask_virtual_functions() {
  print_values /sys/bus/pci/devices/*/sriov_totalvfs
  print_links /sys/bus/pci/devices/*/virtfn*
  command -v udevadm
}
ask_iommu() {
  print_paths /sys/class/iommu/*
  for table in DMAR RMAD XMAR IVRS; do
    [ ! -e /sys/firmware/acpi/tables/$table ] || { echo /sys/firmware/acpi/tables/$table; return; }
  done
  on_xen && command -v xl >&2 && limited 30 xl dmesg | grep -E 'ACPI: (DMAR|IVRS) '
  return 0
}
# Fact. What is said between the answers begins with a random mark, which no text of the host can have.
answer() {
  printf '%s@%s\n' "$mark" "$1"
  "ask_$1"
  printf '\n%s=%s\n' "$mark" "$?"
}
# What each line of the answer begins with from here on.
prefix() {
  printf '%s+%s\n' "$mark" "$1"
}
questions='machine pci_devices storage network network_storage console usb_devices pciback files pciback_conf boot xen xend domains processes guest_complaints libvirt selinux stub_drivers xapi xen_cmdline claims removals unfinished_runs virtual_functions iommu'
facts() {
  echo @facts-begin
  read -r mark < /proc/sys/kernel/random/uuid || return
  {
    for question in $questions; do answer "$question"; done
  } 2> /dev/null | awk -v mark="$mark" '
    function put(line) { print "|" line; bytes += length(line) + 2 }
    !(at = index($0, mark)) { put(prefix $0); next }
    at > 1 { put(prefix substr($0, 1, at - 1)) }
    { kind = substr($0, at + length(mark), 1); word = substr($0, at + length(mark) + 1) }
    kind == "+" { prefix = word }
    kind == "@" { name = word; prefix = ""; bytes = 0; print "@" name }
    kind == "=" { prefix = ""; put("=" word); print "=" name " " bytes }'
  echo @facts-end
}
facts < /dev/null
