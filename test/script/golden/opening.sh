# Line. Keeps it in the result file, and prints it.
tell() {
  printf '%s\n' "$1" >> "$result"
  printf '%s\n' "$1" 2> /dev/null
}
# Whether the host is about to reboot. Says who asked for it.
going_down() {
  [ -e /var/run/pulumi-pci-passthrough/going-down ] || return
  read -r until boot who < /var/run/pulumi-pci-passthrough/going-down
  read -r this_boot < /proc/sys/kernel/random/boot_id
  read -r uptime idle < /proc/uptime
  [ "$boot" = "$this_boot" ] && [ "${uptime%%.*}" -lt "$until" ] || return
  printf '@apply going-down %s\n' "$who"
}
# Folder of ours. There is no moment at which others can look into it.
make_folder() {
  umask 077
  [ -d "$1" ] || mkdir -p "$1"
  made=$?
  umask 022
  return "$made"
}
# Run id, how long to wait for the host's lock, in seconds.
begin() {
  run_id=$1
  trap '' HUP PIPE
  make_folder /var/run/pulumi-pci-passthrough || return
  exec 9>> /var/run/pulumi-pci-passthrough/lock
  waited=0
  until flock -n 9; do
    # 1: another has it. Anything else would not end either.
    [ $? = 1 ] || return
    waited=$((waited + 1))
    [ "$waited" -le "$2" ] || { echo '@apply busy'; return 1; }
    sleep 1
  done
  if going_down; then return 1; fi
  own=/var/run/pulumi-pci-passthrough
  [ ! -d /var/lib/pulumi-pci-passthrough ] || own="$own /var/lib/pulumi-pci-passthrough"
  # Claims and results are nobody else's to read, whoever has opened our folders since.
  find $own -name pulumi-pci-passthrough -type d ! -perm 700 -exec chmod 700 {} \; -o \
    -type f -name 'result-*' -mtime +1 -exec rm -f {} +
  result=/var/run/pulumi-pci-passthrough/result-$1
  log=/var/run/pulumi-pci-passthrough/log
  exec 8>&1
  LOCKED=yes
}
# As begin.
open_apply() {
  begin "$@" || return
  watch
  list_functions
  facts_in_time 240
  if [ $? = 124 ]; then
    tell '@apply facts-late'
    return 1
  fi
  known_functions=$functions
  tell '@apply waiting'
}
# Seconds. rest: what comes on standard input until it ends, or until that time is over.
receive() {
  rest=$(
    exec 8>&- 9>&-
    read -r reader fields < /proc/self/stat
    {
      seconds=$1
      while [ "$seconds" -gt 0 ] && kill -0 "$reader"; do
        sleep 1
        seconds=$((seconds - 1))
      done
      kill "$reader"
    } > /dev/null 2>&1 &
    exec cat
  )
}
# The rest of the script. Nothing of it runs unless it is kept that it has begun.
go_on() {
  case $1 in
    "# begin of $run_id"*" # end of $run_id")
      make_folder /var/lib/pulumi-pci-passthrough && echo '@apply begin' >> "$result" || { tell '@apply unable'; return 1; }
      echo '@apply begin' 2> /dev/null
      eval "$1"
      ;;
    *)
      tell '@apply called-off'
      return 1
      ;;
  esac
}
open_apply run-1 900 < /dev/null || exit
receive 120; go_on "$rest"; exit
