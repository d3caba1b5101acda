import { Errno } from "./errno";
import { FileMap, type VirtualFiles } from "./file-map";
import type { VirtualNode } from "./file-node";
import type { Kernel } from "./kernel";
import { modaliasOf } from "./modules";
import type { PciDriver, PciFunction } from "./pci-bus";

/** Files outside the PCI bus that a profile has: path -> text, such as /sys/hypervisor/type. */
export type FixedFiles = Readonly<Record<string, string>>;

/** The Open vSwitch of a host: its bridges, and the NICs that are ports of them. */
export interface OpenVswitchData {
  readonly bridges: readonly string[];
  readonly ports: readonly string[];
}

/** The virtual interfaces of a host. */
export interface VirtualNetwork {
  readonly openVswitch?: OpenVswitchData;
  /** Bridges of the kernel: name -> NICs that are ports. */
  readonly bridges?: Readonly<Record<string, readonly string[]>>;
}

/** A network interface of a guest, as the host sees it: `vif1.0`. */
export interface GuestPort {
  readonly name: string;
  readonly bridge: string;
}

const DRIVERS = "/sys/bus/pci/drivers";

/** /sys, computed from the kernel model: every read and link shows the state of that moment. */
export function sysfs(
  kernel: () => Kernel,
  fixed: FixedFiles,
  network: VirtualNetwork,
  guestPorts: () => readonly GuestPort[],
  moveToRootCgroup: ((pid: number) => void) | undefined,
): VirtualFiles {
  let version = "";
  let rendered: Kernel | undefined;
  let files = new FileMap<VirtualNode>();
  return () => {
    const now = kernel();
    const ports = guestPorts();
    const newest = [now.bus.version, ...ports.map(({ name }) => name)].join(" ");
    if (now !== rendered || newest !== version) {
      rendered = now;
      version = newest;
      const tree = new SysfsTree(now);
      if (moveToRootCgroup) tree.cgroups(moveToRootCgroup);
      files = tree.render(fixed, network, ports);
    }
    return files;
  };
}

class SysfsTree {
  private readonly nodes = new FileMap<VirtualNode>();

  constructor(private readonly kernel: Kernel) {}

  render(
    fixed: FixedFiles,
    { openVswitch, bridges = {} }: VirtualNetwork,
    guestPorts: readonly GuestPort[],
  ): FileMap<VirtualNode> {
    this.folder("/sys");
    for (const [path, text] of Object.entries(fixed)) this.text(path, text);
    this.bus();
    for (const driver of this.kernel.bus.drivers) this.driver(driver);
    for (const device of this.kernel.bus.devices) this.device(device);
    if (openVswitch) this.openVswitch(openVswitch);
    for (const { name } of guestPorts) this.guestPort(name);
    for (const [name, nics] of Object.entries(bridges))
      this.bridge(name, [...nics, ...guestPorts.flatMap((port) => (port.bridge === name ? [port.name] : []))]);
    if (!this.kernel.data.oldSysfs) this.interfaceNumbers();
    for (const name of this.kernel.loadedModules) {
      this.text(`/sys/module/${name}/initstate`, "live\n");
      this.text(`/sys/module/${name}/refcnt`, "0\n");
    }
    if (this.kernel.bus.driver("pciback")) {
      const parameters = "/sys/module/xen_pciback/parameters";
      this.text(`${parameters}/hide`, `${this.kernel.hideList}\n`);
      this.text(`${parameters}/passthrough`, "N\n");
      this.text(`${parameters}/permissive`, "N\n");
    }
    return this.nodes;
  }

  /** The hierarchy of systemd, version 2: cgroups(7). */
  cgroups(moveToRoot: (pid: number) => void): void {
    this.file("/sys/fs/cgroup/cgroup.procs", 0o644, { write: (text) => moveToRoot(Number(text)) });
  }

  private bus(): void {
    const { bus } = this.kernel;
    this.file("/sys/bus/pci/drivers_probe", 0o200, { write: (text) => bus.probe(text) });
    this.file("/sys/bus/pci/drivers_autoprobe", 0o644, { read: () => "1\n", write: () => {} });
    this.file("/sys/bus/pci/rescan", 0o200, { write: () => {} });
    this.folder("/sys/bus/pci/devices");
    this.folder(DRIVERS);
    this.folder("/sys/class/net");
    if (this.kernel.data.oldSysfs) {
      this.folder("/sys/class/net/lo");
      this.folder("/sys/block");
    } else {
      this.folder("/sys/class/block");
      this.folder("/sys/devices/virtual/net/lo");
      this.link("/sys/class/net/lo", "/sys/devices/virtual/net/lo");
    }
    this.folder("/sys/kernel");
    this.folder("/sys/class/iommu");
    if (this.kernel.iommu) this.link("/sys/class/iommu/dmar0", "/sys/devices/virtual/iommu/dmar0");
    if (this.kernel.iommu) this.folder("/sys/devices/virtual/iommu/dmar0");
    this.folder("/sys/module");
  }

  /** The master of a port is the datapath, not its bridge (linux, net/openvswitch/vport-netdev.c, 4.4). */
  private openVswitch({ bridges, ports }: OpenVswitchData): void {
    for (const name of ["ovs-system", ...bridges]) {
      this.text(`/sys/devices/virtual/net/${name}/operstate`, "unknown\n");
      this.link(`/sys/class/net/${name}`, `/sys/devices/virtual/net/${name}`);
    }
    for (const name of ports) {
      const nic = this.interface(name);
      if (nic !== undefined) this.link(`${nic}/master`, "/sys/devices/virtual/net/ovs-system");
    }
  }

  /** linux, net/bridge/br_if.c and br_device.c, 6.1. */
  private bridge(name: string, ports: readonly string[]): void {
    const folder = `/sys/devices/virtual/net/${name}`;
    this.text(`${folder}/operstate`, "up\n");
    this.text(`${folder}/uevent`, `DEVTYPE=bridge\nINTERFACE=${name}\n`);
    this.folder(`${folder}/bridge`);
    this.folder(`${folder}/brif`);
    this.link(`/sys/class/net/${name}`, folder);
    for (const port of ports) {
      const path = this.interface(port);
      if (path === undefined) continue;
      this.link(`${path}/master`, folder);
      this.link(`${folder}/lower_${port}`, path);
      this.link(`${folder}/brif/${port}`, `${path}/brport`);
    }
  }

  /** Files of every interface (linux, net/core/net-sysfs.c, 6.1); the origin of a name is told since 3.17, not that of lo. */
  private interfaceNumbers(): void {
    const names = [...this.nodes.keys()].flatMap((path) => /^\/sys\/class\/net\/([^/]+)$/.exec(path)?.[1] ?? []);
    const [major = 0, minor = 0] = this.kernel.data.release.split(".").map(Number);
    for (const [index, name] of names.entries()) {
      const path = this.interface(name);
      this.text(`${path}/ifindex`, `${index + 1}\n`);
      this.text(`${path}/iflink`, `${index + 1}\n`);
      this.text(`${path}/type`, name === "lo" ? "772\n" : "1\n");
      if (major > 3 || (major === 3 && minor >= 17))
        this.file(`${path}/name_assign_type`, 0o444, { read: () => (name === "lo" ? refuse("EINVAL") : "4\n") });
    }
  }

  private guestPort(name: string): void {
    const folder = `/sys/devices/${name.replace("vif", "vif-").replace(".", "-")}/net/${name}`;
    this.text(`${folder}/operstate`, "up\n");
    this.link(`/sys/class/net/${name}`, folder);
  }

  /** Where an interface is; undefined when there is none. */
  private interface(name: string): string | undefined {
    const link = this.nodes.get(`/sys/class/net/${name}`);
    return link?.kind === "link" ? `/sys/${link.target.replace(/^(\.\.\/)+/, "")}` : undefined;
  }

  private driver(driver: PciDriver): void {
    const { bus } = this.kernel;
    const folder = `${DRIVERS}/${driver.name}`;
    this.file(`${folder}/bind`, 0o200, { write: (text) => bus.bind(driver, text) });
    this.file(`${folder}/unbind`, 0o200, { write: (text) => bus.unbind(driver, text) });
    this.file(`${folder}/new_id`, 0o200, { write: (text) => bus.addId(driver, text) });
    this.file(`${folder}/remove_id`, 0o200, { write: (text) => bus.removeId(driver, text) });
    this.file(`${folder}/uevent`, 0o200, { write: () => {} });
    for (const [name, { mode, ...calls }] of Object.entries(driver.attributes ?? {})) {
      this.file(`${folder}/${name}`, mode, calls);
    }
    if (driver.module !== undefined) this.link(`${folder}/module`, `/sys/module/${driver.module}`);
    if (driver.module !== undefined) this.link(`/sys/module/${driver.module}/drivers/pci:${driver.name}`, folder);
  }

  private device(device: PciFunction): void {
    const folder = this.pathOf(device);
    const [vendor, id] = device.id.split(":");
    const [subvendor, subid] = device.subsystem.split(":");
    this.text(`${folder}/vendor`, `0x${vendor}\n`);
    this.text(`${folder}/device`, `0x${id}\n`);
    this.text(`${folder}/subsystem_vendor`, `0x${subvendor}\n`);
    this.text(`${folder}/subsystem_device`, `0x${subid}\n`);
    this.text(`${folder}/class`, `0x${device.class}\n`);
    this.text(`${folder}/revision`, `0x${device.revision ?? "00"}\n`);
    this.text(`${folder}/modalias`, `${modaliasOf(device)}\n`);
    this.text(`${folder}/irq`, "0\n");
    this.text(`${folder}/numa_node`, "-1\n");
    if (this.kernel.data.driverOverride !== false) {
      this.file(`${folder}/driver_override`, 0o644, {
        read: () => `${device.driverOverride ?? "(null)"}\n`,
        write: (text) => this.kernel.bus.override(device, text),
      });
    }
    if (this.kernel.iommu && device.iommuGroup !== undefined) {
      const group = `/sys/kernel/iommu_groups/${device.iommuGroup}`;
      this.link(`${group}/devices/${device.address}`, folder);
      this.link(`${folder}/iommu_group`, group);
    }
    if (device.resettable) {
      this.file(`${folder}/reset`, 0o200, {
        write: (text) => (/^\s*\+?(0x)?0*1\n?$/.test(text) ? undefined : refuse("EINVAL")),
      });
    }
    // linux, drivers/pci/pci-sysfs.c, pci_dev_attrs_are_visible() (6.1)
    if (device.class.startsWith("0300")) this.text(`${folder}/boot_vga`, device.bootDisplay ? "1\n" : "0\n");
    this.link(`${folder}/subsystem`, "/sys/bus/pci");
    this.link(`/sys/bus/pci/devices/${device.address}`, folder);
    this.sriov(device, folder);
    if (device.driver) {
      this.link(`${folder}/driver`, `${DRIVERS}/${device.driver.name}`);
      this.link(`${DRIVERS}/${device.driver.name}/${device.address}`, folder);
      this.children(device, device.driver, folder);
    }
  }

  private sriov(device: PciFunction, folder: string): void {
    const { bus } = this.kernel;
    if (device.physicalFunction !== undefined) {
      const physical = bus.find(device.physicalFunction);
      if (physical) this.link(`${folder}/physfn`, this.pathOf(physical));
    }
    if (!device.sriov) return;
    this.text(`${folder}/sriov_totalvfs`, `${device.sriov.totalVfs}\n`);
    this.text(`${folder}/sriov_drivers_autoprobe`, "1\n");
    this.file(`${folder}/sriov_numvfs`, 0o644, {
      read: () => `${device.numVfs}\n`,
      write: (text) => bus.setVfs(device, text),
    });
    for (const [number, vf] of bus.virtualFunctionsOf(device).entries())
      this.link(`${folder}/virtfn${number}`, this.pathOf(vf));
  }

  private children(device: PciFunction, driver: PciDriver, folder: string): void {
    for (const child of device.children?.[driver.name] ?? []) {
      const path = child.path.startsWith("/") ? child.path : `${folder}/${child.path}`;
      this.folder(path);
      for (const [name, text] of Object.entries(child.files ?? {})) this.text(`${path}/${name}`, text);
      for (const [name, target] of Object.entries(child.links ?? {})) this.link(`${path}/${name}`, target);
      if (child.class === undefined) continue;
      if (this.kernel.data.oldSysfs) {
        this.oldClassFolder(child.class, child.path, child.files ?? {}, folder);
        continue;
      }
      this.link(`/sys/class/${child.class}/${child.path.slice(child.path.lastIndexOf("/") + 1)}`, path);
      if (child.class === "net") this.link(`${path}/device`, folder);
    }
  }

  /** Linux 2.6.18: a folder in /sys/class or /sys/block with a link to the device, and partitions inside their disk. */
  private oldClassFolder(kind: string, path: string, files: Readonly<Record<string, string>>, device: string): void {
    const inside =
      kind === "block" ? path.slice(path.lastIndexOf("/block/") + 7) : path.slice(path.lastIndexOf("/") + 1);
    const folder = kind === "block" ? `/sys/block/${inside}` : `/sys/class/${kind}/${inside}`;
    this.folder(folder);
    for (const [name, text] of Object.entries(files)) this.text(`${folder}/${name}`, text);
    if (!inside.includes("/")) this.link(`${folder}/device`, device);
  }

  private pathOf(device: PciFunction): string {
    const bridge = device.bridge === undefined ? undefined : this.kernel.bus.find(device.bridge);
    return `${bridge ? this.pathOf(bridge) : `/sys/devices/pci${device.address.slice(0, 7)}`}/${device.address}`;
  }

  private folder(path: string): void {
    if (this.nodes.has(path) || path === "") return;
    this.folder(path.slice(0, path.lastIndexOf("/")));
    this.nodes.set(path, { kind: "directory" });
  }

  private text(path: string, text: string): void {
    this.file(path, 0o444, { read: () => text });
  }

  private file(path: string, mode: number, calls: { read?: () => string; write?: (text: string) => void }): void {
    this.folder(path.slice(0, path.lastIndexOf("/")));
    this.nodes.set(path, { kind: "file", mode, ...calls });
  }

  /** sysfs links are relative (linux fs/sysfs/symlink.c). */
  private link(path: string, target: string): void {
    this.folder(path.slice(0, path.lastIndexOf("/")));
    const from = path.split("/").slice(1, -1);
    const to = target.split("/").slice(1);
    let shared = 0;
    while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++;
    const relative = [...from.slice(shared).map(() => ".."), ...to.slice(shared)].join("/");
    this.nodes.set(path, { kind: "link", target: relative });
  }
}

function refuse(code: "EINVAL"): never {
  throw new Errno(code);
}
