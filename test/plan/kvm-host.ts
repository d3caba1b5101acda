import type { HostFacts } from "../../provider/facts/host-facts";
import type { LibvirtAnswers, LibvirtDomain } from "../../provider/facts/libvirt";
import type { PciAddress } from "../../provider/pci/address";
import { readDomainXml } from "../../provider/vm-text/domain-xml";
import { withVmConfigs } from "./host-files";
import { LAB, listed } from "./recorded-host";

/** IOMMU groups of the lab host when it runs with KVM (seen there). */
const GROUPS: Readonly<Record<string, string>> = {
  "0000:00:02.0": "2",
  "0000:00:03.0": "3",
  "0000:01:00.0": "8",
  "0000:01:00.1": "8",
  "0000:02:00.0": "9",
  "0000:03:00.0": "10",
};

/** A guest of libvirt, whose devices are this XML. */
export function vm(name: string, devices = "", more: Partial<LibvirtDomain> = {}): LibvirtDomain {
  const config = readDomainXml(
    `<domain type='kvm'><name>${name}</name><uuid>${uuidOf(name)}</uuid><os><type machine='pc'>hvm</type></os><devices>${devices}</devices></domain>`,
  );
  const running = more.running ?? false;
  return {
    uuid: uuidOf(name),
    name,
    running,
    paused: false,
    persistent: true,
    saved: false,
    snapshots: 0,
    config,
    live: running ? config : undefined,
    ...more,
  };
}

export function uuidOf(name: string): string {
  return `34138775-b440-45f8-883a-${Buffer.from(name.padEnd(6, "_").slice(0, 6)).toString("hex")}`;
}

/** The lab host with KVM and libvirt 9.0, and these VMs. */
export function kvm(domains: readonly LibvirtDomain[], libvirt: Partial<LibvirtAnswers> = {}): HostFacts {
  const devices = [...LAB.pciDevices.values()].map(
    (device) => [device.address, { ...device, iommuGroup: GROUPS[device.address] ?? "7" }] as const,
  );
  return {
    ...withVmConfigs(LAB),
    xen: undefined,
    domains: listed(),
    pciDevices: new Map(devices),
    stubDrivers: {
      forms: new Map([
        ["vfio-pci", "module"],
        ["pci-stub", "module"],
      ]),
      variants: new Set(["mlx5_vfio_pci"]),
    },
    libvirt: {
      kind: "answers",
      uri: "qemu:///system",
      version: { major: 9, minor: 0, micro: 0 },
      separateScopes: true,
      domains,
      unreadable: [],
      ...libvirt,
    },
  };
}

export function withDriver(facts: HostFacts, address: string, driver: string): HostFacts {
  const device = facts.pciDevices.get(address as PciAddress);
  if (!device) throw new Error(`the lab host has no ${address}`);
  return { ...facts, pciDevices: new Map(facts.pciDevices).set(device.address, { ...device, driver }) };
}

/** The NIC or another function as VMs have it; `port` is the guest's own bus that it sits on. */
export function hostdev(bus: number, fn = 0, managed = "yes", port?: number): string {
  const place =
    port === undefined ? "" : `<address type='pci' domain='0x0000' bus='0x0${port}' slot='0x00' function='0x0'/>`;
  return `<hostdev mode='subsystem' type='pci' managed='${managed}'><source><address domain='0x0000' bus='0x0${bus}' slot='0x00' function='0x${fn}'/></source>${place}</hostdev>`;
}
