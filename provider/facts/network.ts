import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { addressesOnPath, lastSegment, readLinks, readValues } from "./sysfs";

/** The host's network. */
export interface Network {
  /** Empty when the host does not list them: every host has at least "lo". */
  readonly interfaces: readonly NetworkInterface[];
  /** PCI functions that have an interface, which this network namespace does not show. */
  readonly inOtherNamespaces: readonly PciAddress[];
  /** The interface that answers to the SSH client leave through, as the kernel says. */
  readonly toSshClient: string | undefined;
}

/** One network interface of the host. */
export interface NetworkInterface {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The PCI function of a hardware NIC, or of the USB controller that it is behind; undefined for a virtual one. */
  readonly carriedBy: PciAddress | undefined;
  /**
   * Interfaces that this one sends through: ports of a bridge, members of a bond, the NIC under a VLAN, and what leads
   * to the other end of a tunnel.
   */
  readonly lower: readonly string[];
  /** Whether it could carry traffic now; also where the kernel does not know. */
  readonly up: boolean;
  /** Whether it packs its traffic into that of another interface, which `lower` names when it is known. */
  readonly tunnel: boolean;
  /** Whether routes go through it, other than those that every interface has. */
  readonly routed: boolean;
}

/** linux, include/uapi/linux/if_arp.h: PPP, IPIP, IP6IP6, SIT, GRE, IP6GRE, and "none": tun, WireGuard, XFRM. */
const TUNNEL_TYPES = ["512", "768", "769", "776", "778", "823", "65534"];
const ETHERNET_TUNNELS = ["vxlan", "geneve", "gretap", "ip6gretap"];

/** Shell function that tells the interface to an address. */
export const ROUTE_TO = `
# Address, own address. Sets "interface" to what packets leave through; empty when that is unknown. A link-local address
# names it (fe80::1%eth0).
route_to() {
  interface=\${1#*%}
  [ "$interface" = "$1" ] || return 0
  route=$(ip route get "$1" \${2:+from "$2"}) || route=$(ip route get "$1")
  route=\${route##* dev }
  interface=\${route%% *}
}`.trim();

/** The network interfaces of the host. Prints nothing that changes by itself: no lifetimes and counters. */
export const networkFact: Fact<Network> = {
  name: "network",
  about: ["functions"],
  ask: `
print_links /sys/class/net/* /sys/class/net/*/master
print_paths /sys/class/net/*/lower_* /sys/class/net/lo/name_assign_type /sys/bus/pci/devices/*/net /sys/bus/pci/devices/*/virtio*/net
grep -H '' /sys/class/net/*/ifindex /sys/class/net/*/iflink /sys/class/net/*/type /sys/class/net/*/operstate /sys/class/net/*/uevent
# Linux before 3.9 has no lower links, and in 2.6.18 an interface is a folder with a link to its device.
[ -e /sys/class/net/lo/name_assign_type ] || for port in /sys/class/net/*/brif/* /sys/class/net/*/slave_*; do
  upper=\${port%/brif/*} upper=\${upper%/slave_*} lower=\${port##*/}
  [ ! -e "$port" ] || echo "$upper/lower_\${lower#slave_}"
done
for nic in /sys/class/net/*; do
  [ ! -L "$nic" ] && [ -d "$nic" ] || continue
  device=/sys/devices/virtual
  [ ! -e "$nic/device" ] || ! cd -P "$nic/device" || device=$PWD
  echo "$nic -> $device/net/\${nic##*/}"
done
# Arguments of ip. Prints what routes go through, other than those that every interface has.
routed() {
  ip "$@" | awk '
    /^(local|broadcast|anycast|multicast|fe80::\\/64|ff00::\\/8) / { next }
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
    { ip -d -o link || ip -o link; } | sed -n \\
      -e 's/^[0-9]*: \\([^:@ ]*\\)[:@].* remote \\([0-9a-f.:]*\\) .*/\\1 \\2/p' \\
      -e 's/^[0-9]*: \\([^:@ ]*\\)[:@].* peer \\([0-9a-f.:]*\\).*/\\1 \\2/p'
    limited 10 wg show all endpoints | sed -n 's/^\\([^ \t]*\\).*[ \t]\\[*\\([0-9a-f.:]*\\)]*:[0-9]*$/\\1 \\2/p'
  } | sort -u | head -n 32 | while read -r tunnel remote; do
    route_to "$remote"
    [ -z "$interface" ] || echo "through $tunnel $interface"
  done
else
  ifconfig -a | sed -n -e 's/^\\([^ ][^ ]*\\).*/ifconfig \\1/p' \\
    -e 's/^ *inet6* *\\(addr:\\)* *\\([0-9a-f.:][0-9a-f.:]*\\).*/ifconfig-address \\2/p'
fi
[ ! -e /proc/net/pppoe ] || sed -n '2,$s/.* \\([^ ]*\\) *$/pppoe \\1/p' /proc/net/pppoe
# "clientip clientport serverip serverport", sshd(8)
set -- $SSH_ROUTE
route_to "\${1#::ffff:}" "\${3#::ffff:}"
[ -z "$interface" ] || echo "to-client $interface"`,
  parse(answer) {
    const links = readLinks(answer.text);
    const values = readValues(answer.text);
    const lines = answer.text.split("\n");
    const read = (name: string, file: string) => values.get(`/sys/class/net/${name}/${file}`);
    const following = (word: string) =>
      lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

    const paths = new Map<string, string>();
    const lower = new Map<string, Set<string>>();
    const addLower = (upper: string, name: string) => lower.set(upper, (lower.get(upper) ?? new Set()).add(name));
    for (const [path, target] of links) {
      const name = path.split("/")[4] ?? "";
      if (path.endsWith("/master")) addLower(lastSegment(target), name);
      else paths.set(name, target);
    }
    for (const line of lines) {
      const lowerLink = /^\/sys\/class\/net\/([^/]+)\/lower_(.+)$/.exec(line);
      if (lowerLink?.[1] && lowerLink[2]) addLower(lowerLink[1], lowerLink[2]);
    }
    for (const line of following("through")) {
      const [tunnel, name] = line.split(" ");
      if (tunnel && name && tunnel !== name) addLower(tunnel, name);
    }
    const isTunnel = (name: string) =>
      TUNNEL_TYPES.includes(read(name, "type") ?? "") ||
      ETHERNET_TUNNELS.includes(/^DEVTYPE=(.*)$/m.exec(read(name, "uevent") ?? "")?.[1] ?? "");
    const byIndex = new Map([...paths.keys()].map((name) => [read(name, "ifindex") ?? "", name]));
    const hasLowerLinks = lines.includes("/sys/class/net/lo/name_assign_type"); // linux 3.17
    for (const name of paths.keys()) {
      if (read(name, "type") === "512") for (const nic of following("pppoe")) addLower(name, nic);
      // With lower links only tunnels need iflink; that of a veth may be an index of another namespace.
      const below = byIndex.get(read(name, "iflink") ?? "none");
      if (below !== undefined && below !== name && (isTunnel(name) || !hasLowerLinks)) addLower(name, below);
    }

    const addresses = readAddresses(lines, (name) => read(name, "ifindex"));
    const routed = new Set(following("routed"));
    const interfaces = [...paths].map(([name, target]) => ({
      name,
      addresses: addresses.get(name) ?? [],
      carriedBy: addressesOnPath(target).at(-1),
      lower: [...(lower.get(name) ?? [])],
      up: ["up", "unknown", undefined].includes(read(name, "operstate")),
      tunnel: isTunnel(name),
      routed: routed.has(name),
    }));
    const withInterface = lines.flatMap((line) =>
      /^\/sys\/bus\/pci\/devices\/.*\/net$/.test(line) ? addressesOnPath(line) : [],
    );
    return {
      interfaces,
      inOtherNamespaces: withInterface.filter((address) => interfaces.every(({ carriedBy }) => carriedBy !== address)),
      toSshClient: following("to-client")[0],
    };
  },
};

/**
 * The addresses of each interface. `ip` speaks of this process's namespace and /sys of that where it was mounted: the
 * address of an interface whose index differs is left out.
 */
function readAddresses(lines: readonly string[], indexOf: (name: string) => string | undefined) {
  const addresses = new Map<string, string[]>();
  const add = (name: string, address: string) => addresses.set(name, [...(addresses.get(name) ?? []), address]);
  let described = "";
  for (const line of lines) {
    // iproute2: "2: mgmt0    inet 10.0.2.15/24 brd …"; a VLAN may be written "eth0.5@eth0".
    const [, index, name, address] = /^(\d+): ([^\s@]+)\S*\s+inet6? ([^/\s]+)/.exec(line) ?? [];
    if (name && address && [index, undefined].includes(indexOf(name))) add(name, address);
    // net-tools: "eth0:1" is a second address of eth0, and newer versions end every name with a colon.
    described = /^ifconfig ([^\s:]+)/.exec(line)?.[1] ?? described;
    const byIfconfig = /^ifconfig-address (\S+)$/.exec(line)?.[1];
    if (byIfconfig) add(described, byIfconfig);
  }
  return addresses;
}

/** Whether an interface sends through another one, or is it. */
export function sendsThrough(interfaces: readonly NetworkInterface[], upper: string, name: string): boolean {
  const uppermost = interfaces.find((network) => network.name === upper);
  return uppermost !== undefined && interfacesUnder(interfaces, uppermost).some((network) => network.name === name);
}

/** The interface and those that carry its traffic, uppermost first. */
export function interfacesUnder(
  interfaces: readonly NetworkInterface[],
  uppermost: NetworkInterface,
): readonly NetworkInterface[] {
  const byName = new Map(interfaces.map((network) => [network.name, network]));
  const seen = new Set<NetworkInterface>();
  const visit = (network: NetworkInterface | undefined) => {
    if (!network || seen.has(network)) return;
    seen.add(network);
    for (const name of network.lower) visit(byName.get(name));
    if (network.lower.length > 0 || network.carriedBy || network.tunnel || network.name === "lo") return;
    // An Open vSwitch bridge has no lower links: its ports belong to the single datapath "ovs-system".
    visit(byName.get("ovs-system"));
    // xend of RHEL 5 gives dom0 the address on eth0, a loop of netloop.ko whose other end vif0.0 is a port of the
    // bridge.
    const loop = /^v?eth(\d+)$/.exec(network.name)?.[1];
    for (const bridge of interfaces) if (loop && bridge.lower.includes(`vif0.${loop}`)) visit(bridge);
  };
  visit(uppermost);
  return [...seen];
}
