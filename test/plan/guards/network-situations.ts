import { type Answers, link } from "./judged-host";

/** What a host answers, which function it would lose, and which guards refuse that with what evidence. */
export interface Situation extends Answers {
  readonly title: string;
  /** Where such an answer was seen or is written. */
  readonly source: string;
  readonly lost: string;
  readonly refusals: readonly (readonly [guard: string, evidence: string])[];
}

const NIC = "0000:04:00.0";
const SPARE = "0000:05:00.0";
const BEHIND_VMD = "10000:e1:00.0";
const USB = "0000:00:14.0";

const ADDRESS = "192.0.2.7";
const nic = (name: string, under: string) => link(`/sys/class/net/${name}`, `${under}/net/${name}`);
const virtual = (name: string) => nic(name, "virtual");
const master = (name: string, upper: string) => link(`/sys/class/net/${name}/master`, `virtual/net/${upper}`);
const lower = (upper: string, name: string) => `/sys/class/net/${upper}/lower_${name}`;
const value = (name: string, file: string, text: string | number) => `/sys/class/net/${name}/${file}:${text}`;
const inet = (index: number, name: string, address: string) => `${index}: ${name}    inet ${address}`;

const LO = [virtual("lo"), "/sys/class/net/lo/name_assign_type", inet(1, "lo", "127.0.0.1/8")];
const ETH0 = nic("eth0", "pci0000:00/0000:00:1c.0/0000:04:00.0");
const ETH1 = nic("eth1", "pci0000:00/0000:00:1c.1/0000:05:00.0");
const ETH2 = nic("eth2", "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0");
const USB0 = nic("enx00e04c", "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0");
const SPARE_UP = [ETH1, value("eth1", "operstate", "up")];
/** The session reaches eth0 directly; eth1 is up and free. */
const PLAIN = [...LO, ETH0, ...SPARE_UP, inet(2, "eth0", `${ADDRESS}/24`), "to-client eth0"];

const routed = (title: string, source: string, network: readonly string[], lost = NIC): Situation => ({
  title: `the session goes through ${title}`,
  source,
  session: ADDRESS,
  network: [...LO, ETH0, ...SPARE_UP, ...network],
  lost,
  refusals: [["ssh-route", `the SSH session to ${ADDRESS} goes through it`]],
});
const unknown = (
  title: string,
  source: string,
  session: string | undefined,
  network: readonly string[],
): Situation => ({
  title: `the session goes through ${title}`,
  source,
  session,
  network: [...LO, ETH0, value("eth0", "operstate", "up"), ...SPARE_UP, ...network],
  lost: SPARE,
  refusals: [["ssh-route", "is the network interface eth1, which is up, and it is not known"]],
});
const used = (
  title: string,
  source: string,
  network: readonly string[],
  evidence: string,
  lost = SPARE,
): Situation => ({
  title,
  source,
  session: ADDRESS,
  network: [...PLAIN, ...network],
  lost,
  refusals: [["host-network", evidence]],
});
const free = (title: string, source: string, network: readonly string[], lost = SPARE): Situation => ({
  title,
  source,
  session: ADDRESS,
  network: [...PLAIN, ...network],
  lost,
  refusals: [],
});

const BRIDGE = "linux, net/bridge/br_if.c, 6.1: ports have the bridge as master, and links lower_ in it";
const UPPER = "linux, net/core/dev.c, 6.1: netdev_upper_dev_link makes lower_ and upper_ links";
const TUNNEL = "linux, include/uapi/linux/if_arp.h: types of tunnels; iproute2 6.1, ip/iptunnel.c: peer, remote";
const NETNS = "linux, fs/kernfs/dir.c, 6.1: a folder of devices shows those of the reader's namespace alone";

export const NETWORK_SITUATIONS: readonly Situation[] = [
  // What carries the session.
  routed("the NIC itself", "test/recorded/debian12-xen4.17", [inet(2, "eth0", `${ADDRESS}/24`), "to-client eth0"]),
  routed(
    "a port behind a root port that goes",
    "linux, sysfs paths, 6.1",
    [inet(2, "eth0", `${ADDRESS}/24`)],
    "0000:00:1c.0",
  ),
  routed(
    "a NIC behind a VMD controller that goes",
    "linux, drivers/pci/controller/vmd.c, 6.1",
    [ETH2, inet(4, "eth2", `${ADDRESS}/24`)],
    "0000:00:0e.0",
  ),
  routed(
    "a NIC behind a VMD controller",
    "linux, drivers/pci/controller/vmd.c, 6.1",
    [ETH2, inet(4, "eth2", `${ADDRESS}/24`)],
    BEHIND_VMD,
  ),
  routed(
    "a USB NIC, carried by its controller",
    "linux, drivers/net/usb/r8152.c: the parent is the USB interface",
    [USB0, inet(4, "enx00e04c", `${ADDRESS}/24`)],
    USB,
  ),
  routed("a bridge", BRIDGE, [virtual("br0"), master("eth0", "br0"), inet(3, "br0", `${ADDRESS}/24`), "to-client br0"]),
  routed("a bridge of Linux before 3.9", "linux, net/bridge/br_sysfs_if.c, 2.6.32: brif", [
    virtual("br0"),
    lower("br0", "eth0"),
    inet(3, "br0", `${ADDRESS}/24`),
  ]),
  routed("a VLAN on a bond", UPPER, [
    virtual("bond0"),
    virtual("vlan5"),
    lower("vlan5", "bond0"),
    lower("bond0", "eth0"),
    inet(4, "vlan5", `${ADDRESS}/24`),
  ]),
  routed("a team", "linux, drivers/net/team/team.c, 6.1: ports have it as master", [
    virtual("team0"),
    master("eth0", "team0"),
    inet(4, "team0", `${ADDRESS}/24`),
  ]),
  routed("a macvlan", "linux, drivers/net/macvlan.c, 6.1: upper of its lower device", [
    virtual("mv0"),
    lower("mv0", "eth0"),
    inet(4, "mv0", `${ADDRESS}/24`),
  ]),
  routed("an ipvlan", "linux, drivers/net/ipvlan/ipvlan_main.c, 6.1", [
    virtual("ipvl0"),
    lower("ipvl0", "eth0"),
    inet(4, "ipvl0", `${ADDRESS}/24`),
  ]),
  routed("a VRF that has the address itself", "linux, Documentation/networking/vrf.rst: members have it as master", [
    virtual("mgmt"),
    master("eth0", "mgmt"),
    inet(4, "mgmt", `${ADDRESS}/32`),
  ]),
  routed("Open vSwitch", "linux, net/openvswitch/vport-netdev.c, 4.4: the master is ovs-system", [
    virtual("ovs-system"),
    virtual("xenbr0"),
    master("eth0", "ovs-system"),
    inet(5, "xenbr0", `${ADDRESS}/24`),
    "to-client xenbr0",
  ]),
  {
    ...routed("a VLAN of Linux 2.6.32, which only iflink tells", "linux, net/8021q/vlan_dev.c, 2.6.32: iflink", []),
    network: [
      virtual("lo"),
      ETH0,
      virtual("eth0.5"),
      value("eth0", "ifindex", 2),
      value("eth0.5", "ifindex", 6),
      value("eth0.5", "iflink", 2),
      inet(6, "eth0.5@eth0", `${ADDRESS}/24`),
    ],
  },
  routed("a NIC that ifconfig of net-tools 1.60 names", "net-tools 1.60, lib/interface.c", [
    "ifconfig eth0",
    `ifconfig-address ${ADDRESS}`,
  ]),
  routed("a second address that ifconfig names eth0:1", "net-tools 2.10, lib/interface.c", [
    "ifconfig eth0:1:",
    `ifconfig-address ${ADDRESS}`,
  ]),
  routed("a VXLAN with a known remote", TUNNEL, [
    virtual("vxlan9"),
    value("vxlan9", "uevent", "DEVTYPE=vxlan"),
    "through vxlan9 eth0",
    inet(7, "vxlan9", `${ADDRESS}/24`),
  ]),
  routed("WireGuard whose endpoint is known", "wireguard-tools 1.0, src/show.c: wg show all endpoints", [
    virtual("wg0"),
    value("wg0", "type", 65534),
    "through wg0 eth0",
    inet(8, "wg0", `${ADDRESS}/24`),
    "to-client wg0",
  ]),
  routed("a GRE tunnel", TUNNEL, [
    virtual("gre1"),
    value("gre1", "type", 778),
    "through gre1 eth0",
    inet(8, "gre1", `${ADDRESS}/30`),
  ]),
  routed("a GRE tunnel that only iflink ties to its NIC", "linux, net/ipv4/ip_tunnel.c, 6.1: ip_tunnel_get_iflink", [
    virtual("gre1"),
    value("gre1", "type", 778),
    value("gre1", "ifindex", 8),
    value("gre1", "iflink", 2),
    value("eth0", "ifindex", 2),
    inet(8, "gre1", `${ADDRESS}/30`),
  ]),
  routed("a VXLAN in a bridge", BRIDGE, [
    virtual("br9"),
    virtual("vxlan9"),
    master("vxlan9", "br9"),
    value("vxlan9", "uevent", "DEVTYPE=vxlan"),
    "through vxlan9 eth0",
    inet(9, "br9", `${ADDRESS}/24`),
  ]),
  routed("PPPoE", "linux, drivers/net/ppp/pppoe.c, 6.1: /proc/net/pppoe", [
    virtual("ppp0"),
    value("ppp0", "type", 512),
    "pppoe eth0",
    inet(9, "ppp0", ADDRESS),
    "to-client ppp0",
  ]),
  {
    ...routed("one NIC, and its answers through another", "RFC 3704: asymmetric routes", [
      inet(2, "eth0", `${ADDRESS}/24`),
      "to-client eth1",
    ]),
    lost: SPARE,
  },

  // What is not known is not free.
  unknown("no interface that the host shows: no ip, no ifconfig", "busybox without ip", ADDRESS, []),
  unknown("an address that is translated on its way", "iproute2: a DNAT address is on no interface", "198.51.100.1", [
    inet(2, "eth0", `${ADDRESS}/24`),
    "to-client eth0",
  ]),
  unknown(
    "a connection that sshd knows nothing of",
    "OpenSSH 9.2, packet.c, ssh_remote_ipaddr(): UNKNOWN and 65535 for a connection that is no socket",
    "UNKNOWN",
    [inet(2, "eth0", `${ADDRESS}/24`)],
  ),
  unknown("something that does not say SSH_CONNECTION", "sudo 1.9, env_reset", undefined, [
    inet(2, "eth0", `${ADDRESS}/24`),
  ]),
  unknown("a dial-up line", "linux, drivers/net/ppp/ppp_generic.c: virtual, type 512", "10.9.0.1", [
    virtual("ppp0"),
    value("ppp0", "type", 512),
    inet(9, "ppp0", "10.9.0.1"),
    "to-client ppp0",
  ]),
  unknown("WireGuard without wg", "linux, drivers/net/wireguard/device.c: type 65534", "10.9.0.1", [
    virtual("wg0"),
    value("wg0", "type", 65534),
    inet(9, "wg0", "10.9.0.1/24"),
    "to-client wg0",
  ]),
  unknown("OpenVPN", "linux, drivers/net/tun.c: type 65534", "10.8.0.1", [
    virtual("tun0"),
    value("tun0", "type", 65534),
    inet(9, "tun0", "10.8.0.1"),
    "to-client tun0",
  ]),
  unknown("Tailscale", "tailscale 1.50, net/tstun: a tun device", "100.64.0.3", [
    virtual("tailscale0"),
    value("tailscale0", "type", 65534),
    inet(9, "tailscale0", "100.64.0.3/32"),
    "to-client tailscale0",
  ]),
  unknown("the host itself, as through a jump", "OpenSSH 9.2: the address that was reached", "127.0.0.1", [
    inet(2, "eth0", `${ADDRESS}/24`),
    "to-client lo",
  ]),
  unknown("a tunnel on a host that has Open vSwitch too", "linux, drivers/net/tun.c", "10.8.0.1", [
    virtual("ovs-system"),
    master("eth0", "ovs-system"),
    virtual("tun0"),
    value("tun0", "type", 65534),
    inet(9, "tun0", "10.8.0.1"),
    "to-client tun0",
  ]),
  unknown("a network that only guests are in", "libvirt 9.0: virbr0 has no NIC", "192.168.122.1", [
    virtual("virbr0"),
    virtual("vnet0"),
    master("vnet0", "virbr0"),
    inet(9, "virbr0", "192.168.122.1/24"),
    "to-client virbr0",
  ]),
  unknown("the address of a loopback, as routers have it", "FRRouting: addresses on lo", "203.0.113.1", [
    inet(1, "lo", "203.0.113.1/32"),
    "to-client eth0",
  ]),
  unknown("one NIC, and its answers through a tunnel", "RFC 3704: asymmetric routes", ADDRESS, [
    inet(2, "eth0", `${ADDRESS}/24`),
    virtual("tun0"),
    value("tun0", "type", 65534),
    "to-client tun0",
  ]),
  unknown("a network namespace, whose eth0 is another than that of /sys", NETNS, ADDRESS, [
    value("eth0", "ifindex", 2),
    inet(17, "eth0", `${ADDRESS}/24`),
  ]),
  {
    ...unknown(
      "a lower device of another namespace",
      "linux, drivers/net/veth.c, 6.1: iflink is the peer's index there",
      "10.244.0.1",
      [
        virtual("cali0"),
        value("cali0", "type", 1),
        value("cali0", "ifindex", 9),
        value("cali0", "iflink", 3),
        value("eth1", "ifindex", 3),
        inet(9, "cali0", "10.244.0.1/32"),
      ],
    ),
  },
  {
    title: "a NIC that is down is no route, though the route is not known",
    source: "linux, Documentation/networking/operstates.rst",
    session: "10.9.0.1",
    network: [...LO, ETH0, ETH1, value("eth1", "operstate", "down")],
    lost: SPARE,
    refusals: [],
  },
  {
    title: "a NIC whose state the kernel does not know may be the route",
    source: "linux, Documentation/networking/operstates.rst: unknown must count as up",
    session: "10.9.0.1",
    network: [...LO, ETH1, value("eth1", "operstate", "unknown")],
    lost: SPARE,
    refusals: [["ssh-route", "which is up"]],
  },
  {
    title: "a host that lists no interfaces refuses its NICs",
    source: "a container without /sys",
    session: ADDRESS,
    network: [],
    lost: NIC,
    refusals: [["ssh-route", "of which the host does not say whether it is in use"]],
  },
  {
    title: "a host that lists no interfaces refuses what its NICs are behind",
    source: "a container without /sys",
    session: ADDRESS,
    network: [],
    lost: "0000:00:0e.0",
    refusals: [["ssh-route", "of which the host does not say whether it is in use"]],
  },
  {
    title: "a host that lists no interfaces gives away what is no NIC",
    source: "a container without /sys",
    session: ADDRESS,
    network: [],
    lost: "0000:01:00.0",
    refusals: [],
  },
  {
    title: "a host that lists no interfaces gives away a NIC that is on its stub driver",
    source: "a container without /sys",
    session: ADDRESS,
    network: [],
    lost: "0000:06:00.0",
    refusals: [],
  },

  // What else the host uses.
  used(
    "a NIC with an address",
    "iproute2 6.1",
    [inet(3, "eth1", "198.51.100.7/24")],
    "eth1, which has the address 198.51.100.7",
  ),
  used(
    "a NIC under a bridge with a guest of libvirt on it",
    "libvirt 9.0: vnetN",
    [virtual("br1"), master("eth1", "br1"), virtual("vnet0"), master("vnet0", "br1")],
    "eth1, which br1 sends through for guests (vnet0)",
  ),
  used(
    "a NIC under a bridge with guests of xl on it",
    "xen 4.17, tools/libs/light/libxl_internal.h, TAP_DEVICE_SUFFIX: vifD.N-emu of QEMU beside vifD.N",
    [
      virtual("xenbr1"),
      master("eth1", "xenbr1"),
      virtual("vif3.0"),
      master("vif3.0", "xenbr1"),
      virtual("vif3.0-emu"),
      master("vif3.0-emu", "xenbr1"),
    ],
    "eth1, which xenbr1 sends through for guests (vif3.0, vif3.0-emu)",
  ),
  used(
    "a NIC under a bridge of Proxmox",
    "qemu-server 8, pve-bridge: tapVMIDiN; pve-common 8, src/PVE/Network.pm: fwprVMIDpN with a firewall",
    [virtual("vmbr1"), master("eth1", "vmbr1"), virtual("tap100i0"), master("tap100i0", "vmbr1")],
    "eth1, which vmbr1 sends through for guests (tap100i0)",
  ),
  used(
    "a NIC under a bridge without guests",
    BRIDGE,
    [virtual("br1"), master("eth1", "br1")],
    "eth1, which br1 sends through",
  ),
  used(
    "a NIC under Open vSwitch",
    "linux, net/openvswitch/vport-netdev.c",
    [virtual("ovs-system"), master("eth1", "ovs-system")],
    "eth1, which ovs-system sends through",
  ),
  used("a NIC under a VLAN", UPPER, [virtual("eth1.5"), lower("eth1.5", "eth1")], "eth1, which eth1.5 sends through"),
  used("a member of a bond", UPPER, [virtual("bond1"), master("eth1", "bond1")], "eth1, which bond1 sends through"),
  used("a port of a team", UPPER, [virtual("team1"), master("eth1", "team1")], "eth1, which team1 sends through"),
  used(
    "a NIC with the macvtap of a guest",
    "libvirt 9.0, <interface type='direct'>: macvtapN",
    [virtual("macvtap0"), lower("macvtap0", "eth1")],
    "eth1, which macvtap0 sends through",
  ),
  used(
    "a NIC that a tunnel goes through",
    TUNNEL,
    [virtual("wg0"), value("wg0", "type", 65534), "through wg0 eth1"],
    "eth1, which wg0 sends through",
  ),
  used(
    "a NIC without an address that routes go through",
    "iproute2 6.1: ip route add 198.51.100.0/24 dev eth1",
    ["routed eth1"],
    "eth1, which routes of the host go through",
  ),
  used(
    "a NIC in another network namespace",
    NETNS,
    ["/sys/bus/pci/devices/10000:e1:00.0/net"],
    "has a network interface that is in another network namespace",
    BEHIND_VMD,
  ),
  used(
    "what a NIC in another network namespace is behind",
    NETNS,
    ["/sys/bus/pci/devices/10000:e1:00.0/net"],
    "has a network interface that is in another network namespace",
    "0000:00:0e.0",
  ),
  used(
    "a USB controller with a NIC that has an address",
    "linux, drivers/net/usb",
    [USB0, inet(5, "enx00e04c", "198.51.100.7/24")],
    "enx00e04c, which has the address",
    USB,
  ),
  {
    ...used(
      "a NIC that a mount goes through",
      "nfs(5): addr= in /proc/mounts",
      [inet(3, "eth1", "198.51.100.7/24")],
      "the host reaches /srv (nfs4) of 198.51.100.9 through",
    ),
    networkStorage: ["storage 198.51.100.9 eth1 /srv (nfs4)"],
  },
  {
    ...used(
      "a NIC under the bond that an iSCSI session goes through",
      "linux, drivers/scsi/scsi_transport_iscsi.c: address",
      [virtual("bond1"), master("eth1", "bond1")],
      "the host reaches an iSCSI target of 198.51.100.9 through",
    ),
    networkStorage: ["storage 198.51.100.9 bond1 an iSCSI target"],
  },
  {
    ...routed("the NIC that the root file system comes from too", "linux, Documentation/admin-guide/nfs/nfsroot.rst", [
      inet(2, "eth0", `${ADDRESS}/24`),
    ]),
    networkStorage: [`storage 192.0.2.9 eth0 / (nfs)`],
    refusals: [
      ["ssh-route", "goes through it"],
      ["host-network", "eth0, which the host reaches / (nfs) of 192.0.2.9 through"],
    ],
  },

  // What may go.
  free("a NIC that is merely up", "test/recorded/debian12-xen4.17", []),
  free("a NIC that is up and has a link-local address, as all have", "linux, net/ipv6/addrconf.c, 6.1", [
    "3: eth1    inet6 fe80::5054:ff:fe12:3456/64",
  ]),
  free("a NIC that is down", "linux, Documentation/networking/operstates.rst", [value("eth1", "operstate", "down")]),
  free("a NIC beside Open vSwitch", "xenserver 8: a PIF that is not plugged", [
    virtual("ovs-system"),
    virtual("xapi1"),
  ]),
  free("a NIC whose index is that of a veth's peer in a container", "linux, drivers/net/veth.c, 6.1", [
    virtual("veth0"),
    value("veth0", "type", 1),
    value("veth0", "ifindex", 9),
    value("veth0", "iflink", 3),
    value("eth1", "ifindex", 3),
  ]),
  free("a NIC on its stub driver", "linux, drivers/vfio/pci: no interface", [], "0000:06:00.0"),
  free("a display while the session is on a NIC", "test/recorded/debian12-xen4.17", [], "0000:01:00.0"),
  {
    ...free("a NIC beside the one that a mount goes through", "nfs(5)", []),
    networkStorage: ["storage 192.0.2.9  /srv (nfs4)"],
  },
  free("a USB controller without a NIC", "linux, drivers/usb", [], USB),
];
