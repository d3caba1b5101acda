/** What starts our script at boot, and no more: the init system's own program, and then the link that it must have made or removed. */
export const BOOT_SCRIPT_FUNCTIONS = `
# Init system, name.
starts_at_boot() {
  for link in /etc/rc[S2345].d/S[0-9][0-9]"$2" /etc/systemd/system/*.wants/"$2.service"; do
    [ -L "$link" ] && return
  done
  return 1
}
# Init system, name, "start" or "leave".
boot_script() {
  if [ "$3" = start ]; then
    starts_at_boot "$1" "$2" && return
    if [ "$1" = systemd ]; then systemctl enable "$2.service"
    elif chmod 755 "/etc/init.d/$2" && command -v insserv > /dev/null; then insserv "$2"
    elif command -v update-rc.d > /dev/null; then update-rc.d "$2" defaults
    else chkconfig --add "$2"
    fi
    starts_at_boot "$1" "$2" && return
    echo "the boot does not start $2"
    return 1
  fi
  starts_at_boot "$1" "$2" || return 0
  if [ "$1" = systemd ]; then systemctl disable "$2.service"
  elif command -v insserv > /dev/null; then insserv -r "$2"
  elif command -v update-rc.d > /dev/null; then update-rc.d -f "$2" remove
  else chkconfig --del "$2"
  fi
  starts_at_boot "$1" "$2" || return 0
  echo "the boot still starts $2"
  return 1
}`.trim();
