/** How long the network's own manager has to set up again what came back, in seconds. */
const MANAGER_SECONDS = 20;

/** For how long after that it is set by hand: a driver may take its time until the card has an interface again. */
const BY_HAND_SECONDS = 60;

/**
 * Shell functions that save what a network card takes along when its driver lets go of it, and give it back: names, VLANs,
 * bridge or bond, MTU, addresses, and routes of all tables. They need `ip` of any iproute2. An Open vSwitch keeps its
 * ports in its database, by their names, and takes one in again when the kernel tells that it is there (Open vSwitch,
 * vswitchd/bridge.c, bridge_run, if_notifier_changed).
 */
export const NETWORK_PLACE_FUNCTIONS = `
# PCI functions. Sets "nics" to their interfaces.
interfaces_of() {
  nics=
  for function in "$@"; do
    for nic in "/sys/bus/pci/devices/$function/net/"* "/sys/bus/pci/devices/$function"/virtio*/net/*; do
      [ ! -e "$nic" ] || nics="$nics \${nic##*/}"
    done
  done
}
# PCI functions. Prints their network as network_state does, with all interfaces that stand on theirs; nothing when they
# have none.
save_network() {
  functions=$*
  found=
  interfaces_of "$@"
  set -- $nics
  while [ $# -gt 0 ]; do
    nic=$1
    shift
    case " $found " in *" $nic "*) continue ;; esac
    found="$found $nic"
    master_of "$nic"
    set -- "$@" $master
    [ ! -e /proc/net/vlan/config ] || set -- "$@" $(sed -n "s/^\\\\([^ |]*\\\\) *| *[0-9]* *| *$nic\\$/\\\\1/p" /proc/net/vlan/config)
  done
  [ -z "$found" ] || network_state "$functions" "$found"
}
# Interface. Sets "master" to the bridge or bond that has it; empty where none has.
master_of() {
  master=
  for link in "/sys/class/net/$1/master" "/sys/class/net/$1/brport/bridge"; do
    [ -e "$link" ] || continue
    cd -P "$link" && master=\${PWD##*/}
    cd /
    return
  done
}
# PCI functions, interfaces. Prints how they are, in the order in which it can be set. What the kernel makes or changes by
# itself is left out, and routes over several links.
network_state() {
  for function in $1; do
    interfaces_of "$function"
    for nic in $nics; do echo "nic $nic $function"; done
  done
  {
    [ ! -e /proc/net/vlan/config ] || { echo '= vlan'; sed 's/|/ /g' /proc/net/vlan/config; }
    echo '= master'
    for nic in $2; do master_of "$nic"; echo "$nic $master"; done
    echo '= link'
    up=0
    for nic in $2; do
      read -r mtu < "/sys/class/net/$nic/mtu" && read -r flags < "/sys/class/net/$nic/flags" || continue
      echo "$nic $mtu $((flags & 1))"
      up=$((up | flags & 1))
    done
    echo '= addr'
    ip -o addr show
    # The kernel removes the routes of what goes down.
    [ "$up" = 0 ] || {
      echo '= route -4'
      ip -4 route show table all
      echo '= route -6'
      ip -6 route show table all
    }
  } 2> /dev/null | awk -v interfaces=" $2 " '
    function has(name) { return name != "" && index(interfaces, " " name " ") > 0 }
    $1 == "=" { kind = substr($0, 3); next }
    { $0 = kind " " $0 }
    $1 == "vlan" && NF == 4 && has($2) { print "vlan", $2, $4, $3 }
    $1 == "master" && NF == 3 { print }
    $1 == "link" {
      print "mtu", $2, $3
      if ($4) ups[++up] = "up " $2
    }
    $1 == "addr" {
      name = $3; sub(/[@:].*/, "", name)
      if (!has(name) || $4 !~ /^inet6?$/ || / scope link/ || / temporary/ || / mngtmpaddr/) next
      addresses[++address] = "addr " name " " $5 ($6 == "peer" ? " peer " $7 : "")
    }
    $1 == "route" {
      if (/ proto kernel / || / proto ra / || $3 ~ /^(local|broadcast|anycast|multicast|unreachable|fe80:.*|ff00:.*)$/) next
      if (!match($0, / dev [^ ]+/)) next
      name = substr($0, RSTART + 5, RLENGTH - 5)
      if (!has(name)) next
      gsub(/ (linkdown|dead|onlink|notify)/, ""); gsub(/ (pref|expires|error|hoplimit|nhid) [^ ]+/, ""); gsub(/ +/, " "); sub(/ $/, "")
      sub(/^route /, "route " name " ")
      # What leads through a link before what leads through a gateway on it.
      if (/ via /) far[++last] = $0; else near[++first] = $0
    }
    END {
      for (i = 1; i <= up; i++) print ups[i]
      for (i = 1; i <= address; i++) print addresses[i]
      for (i = 1; i <= first; i++) print near[i]
      for (i = 1; i <= last; i++) print far[i]
    }'
}
# Text of save_network. Prints the lines of it that do not hold now.
missing_network() {
  {
    network_state "$(printf '%s\\n' "$1" | awk '$1 == "nic" { print $3 }')" "$(printf '%s\\n' "$1" | awk '{ printf "%s ", $2 }')"
    echo saved
    printf '%s\\n' "$1"
  } | awk '$0 == "saved" { saved = 1; next } !saved { now[$0] = 1; next } !($0 in now)'
}
# Text of save_network. The network's own manager has the first word; what it leaves out is set by hand, again and again,
# since some of it stands on what comes back late.
restore_network() {
  read_uptime
  by_hand=$((uptime + ${MANAGER_SECONDS}))
  limit=$((by_hand + ${BY_HAND_SECONDS}))
  said=
  while missing=$(missing_network "$1"); [ -n "$missing" ]; do
    read_uptime
    if [ "$uptime" -ge "$limit" ]; then
      echo "not as before: $missing"
      [ -z "$said" ] || echo "$said"
      return 1
    fi
    if [ "$uptime" -ge "$by_hand" ]; then
      said=$(printf '%s\\n' "$missing" | while read -r what name rest; do set_network "$what" "$name" $rest; done 2>&1)
    fi
    sleep 1
  done
}
# The words of a line of network_state. Sets what it says.
set_network() {
  what=$1 name=$2
  shift 2
  case $what in
    nic) # It has another name now.
      interfaces_of "$1"
      [ -n "$nics" ] && ip link set dev $nics down && ip link set dev $nics name "$name" ;;
    vlan) ip link add link "$1" name "$name" type vlan id "$2" ;;
    master) set_master "$name" "$1" ;;
    mtu) ip link set dev "$name" mtu "$1" ;;
    up) ip link set dev "$name" up ;;
    addr)
      case $1 in
        # Not used before it is known that nobody else has it (RFC 4862), which was known before.
        *:*) ip addr add "$@" dev "$name" nodad ;;
        *) ip addr add "$@" dev "$name" brd + ;;
      esac || ip addr add "$@" dev "$name" ;;
    route)
      family=$1
      shift
      ip "$family" route replace "$@" || ip "$family" route replace "$@" onlink ;;
  esac
}
# Interface, the bridge or bond that gets it. A bond takes only what is down.
set_master() {
  case $2 in ovs-system) return ;; esac
  if [ -d "/sys/class/net/$2/bonding" ]; then
    ip link set dev "$1" down
    ip link set dev "$1" master "$2" || echo "+$1" > "/sys/class/net/$2/bonding/slaves"
  else
    ip link set dev "$1" master "$2" || brctl addif "$2" "$1"
  fi
  ip link set dev "$1" up
}`;
