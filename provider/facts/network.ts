import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { addressesOnPath, lastSegment, readLinks } from "./sysfs";

/** One network interface of the host. */
export interface NetworkInterface {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The PCI function of a hardware NIC; undefined for a virtual interface. */
  readonly carriedBy: PciAddress | undefined;
  /** Interfaces that this one sends through: ports of a bridge, members of a bond, the NIC under a VLAN. */
  readonly lower: readonly string[];
}

/** The network interfaces of the host. */
export const networkFact: Fact<readonly NetworkInterface[]> = {
  name: "network",
  ask: `
ls -ld /sys/class/net/* /sys/class/net/*/master
ls -d /sys/class/net/*/lower_*
# Linux before 3.9 has no lower links, and in 2.6.18 an interface is a folder with a link to its device.
ls -d /sys/class/net/*/brif/* /sys/class/net/*/slave_* | sed -e 's#/brif/#/lower_#' -e 's#/slave_#/lower_#'
for nic in /sys/class/net/*; do
  [ -L "$nic" ] || echo "old $nic -> $(readlink "$nic/device")/net/\${nic##*/}"
done
ip -o addr`,
  parse(answer) {
    const links = readLinks(answer.text);
    const lines = answer.text.split("\n");
    const lower = new Map<string, Set<string>>();
    const sendsThrough = (upper: string, name: string) => lower.set(upper, (lower.get(upper) ?? new Set()).add(name));
    const addresses = new Map<string, string[]>();
    for (const line of lines) {
      const lowerLink = /^\/sys\/class\/net\/([^/]+)\/lower_(.+)$/.exec(line);
      if (lowerLink?.[1] && lowerLink[2]) sendsThrough(lowerLink[1], lowerLink[2]);
      // iproute2: "2: mgmt0    inet 10.0.2.15/24 brd …"; a VLAN is written "eth0.5@eth0" only without -o addr.
      const address = /^\d+: (\S+)\s+inet6? ([^/\s]+)/.exec(line);
      if (address?.[1] && address[2]) addresses.set(address[1], [...(addresses.get(address[1]) ?? []), address[2]]);
    }
    const paths = new Map<string, string>();
    for (const [path, target] of links) {
      const name = path.split("/")[4] ?? "";
      if (path.endsWith("/master")) sendsThrough(lastSegment(target), name);
      else paths.set(name, target);
    }
    return [...paths].map(([name, target]) => ({
      name,
      addresses: addresses.get(name) ?? [],
      carriedBy: addressesOnPath(target).at(-1),
      lower: [...(lower.get(name) ?? [])],
    }));
  },
};

/** The interfaces that carry traffic to this address of the host, uppermost first; empty when none has the address. */
export function interfacesUnder(interfaces: readonly NetworkInterface[], address: string): readonly NetworkInterface[] {
  const byName = new Map(interfaces.map((network) => [network.name, network]));
  const seen = new Set<NetworkInterface>();
  const visit = (network: NetworkInterface | undefined) => {
    if (!network || seen.has(network)) return;
    seen.add(network);
    for (const name of network.lower) visit(byName.get(name));
    // An Open vSwitch bridge has no lower links: its ports belong to the single datapath "ovs-system".
    if (network.lower.length > 0 || network.carriedBy) return;
    visit(byName.get("ovs-system"));
    // xend of RHEL 5 gives dom0 the address on eth0, a loop of netloop.ko whose other end vif0.0 is a port of the
    // bridge.
    const loop = /^v?eth(\d+)$/.exec(network.name)?.[1];
    for (const bridge of interfaces) if (loop && bridge.lower.includes(`vif0.${loop}`)) visit(bridge);
  };
  for (const network of interfaces) if (network.addresses.includes(address)) visit(network);
  return [...seen];
}
