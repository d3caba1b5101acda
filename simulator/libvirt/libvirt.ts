import { randomUUID } from "node:crypto";
import type { PciAddress } from "../../provider/pci/address";
import { readDomainXml } from "../../provider/vm-text/domain-xml";
import type { ProcessData } from "../kernel/procfs";
import {
  freeGuestAddress,
  type GivenHostdev,
  withHostdev,
  withoutController,
  withoutHostdev,
  withRootPorts,
} from "./domain-text";
import { HostDevices, LibvirtError, type LibvirtHost } from "./host-devices";

/** What a profile says of its libvirt. */
export interface LibvirtData {
  /** `9.0.0` */
  readonly version: string;
  /** `QEMU 7.2.22`, as `virsh version` has it. */
  readonly hypervisor: string;
  /** The stub driver that this libvirt uses by itself. */
  readonly stub: "vfio-pci" | "pci-stub";
  /** How node devices are named: `pci_0000_01_00_0`, or `pci_8086_10d3` (RHEL 5, whose libvirt asks HAL). */
  readonly nodeNames: "address" | "ids";
  /** Whether running guests can get devices. */
  readonly hotPlug: boolean;
  /** What virsh of this age has. */
  readonly separateScopes: boolean;
  readonly snapshots: boolean;
}

interface Running {
  readonly id: number;
  readonly pid: number;
  xml: string;
  paused: boolean;
  devices: number;
}

const FOLDER = "/etc/libvirt/qemu";

/** The daemon and its guests from one boot of the host to the next; definitions are files of the disk. */
export class Libvirt {
  readonly host: HostDevices;
  private readonly running = new Map<string, Running>();
  private lastId = 0;

  constructor(
    readonly data: LibvirtData,
    private readonly machine: LibvirtHost,
  ) {
    this.host = new HostDevices(machine, data.stub);
  }

  /** By name; a transient VM is one that runs and has no file. */
  get names(): readonly string[] {
    const { files } = this.machine;
    const defined = files.exists(FOLDER) ? files.list(FOLDER).filter((file) => file.endsWith(".xml")) : [];
    return [...new Set([...this.running.keys(), ...defined.map((file) => file.slice(0, -4))])].sort();
  }

  /** Those of the running VMs, with the files that KVM and vfio give them. */
  get processes(): readonly ProcessData[] {
    const { bus, iommu } = this.machine.kernel;
    return [...this.running.values()].map(({ pid, xml }) => {
      const groups = readDomainXml(xml).hostdevs.flatMap(({ address }) => bus.find(address)?.iommuGroup ?? []);
      const vfio = this.data.stub === "vfio-pci" && iommu ? groups.map((group) => `/dev/vfio/${group}`) : [];
      return { pid, name: "qemu-system-x86", files: ["/dev/kvm", "anon_inode:kvm-vm", ...new Set(vfio)] };
    });
  }

  /** By name or uuid; a running VM by its id too. */
  find(word: string): string | undefined {
    const wanted = word.toLowerCase();
    return this.names.find(
      (name) => name === word || String(this.running.get(name)?.id) === word || this.uuidOf(name) === wanted,
    );
  }

  uuidOf(name: string): string {
    return readDomainXml(this.xml(name)).uuid;
  }

  idOf(name: string): number | undefined {
    return this.running.get(name)?.id;
  }

  isPaused(name: string): boolean {
    return this.running.get(name)?.paused ?? false;
  }

  setPaused(name: string, paused: boolean): void {
    const vm = this.running.get(name);
    if (!vm) throw new LibvirtError("Requested operation is not valid: domain is not running");
    vm.paused = paused;
  }

  isPersistent(name: string): boolean {
    return this.machine.files.exists(fileOf(name));
  }

  /** What the next start takes; of a transient VM what it runs with. */
  inactiveXml(name: string): string {
    return this.isPersistent(name) ? this.machine.files.read(fileOf(name)) : (this.running.get(name)?.xml ?? "");
  }

  xml(name: string): string {
    return this.running.get(name)?.xml ?? this.inactiveXml(name);
  }

  define(text: string): string {
    const complete = text.includes("<uuid>")
      ? text
      : text.replace("</name>\n", `</name>\n  <uuid>${randomUUID()}</uuid>\n`);
    const { name } = readDomainXml(complete);
    this.machine.files.plant(fileOf(name), `${this.placeAll(complete).trimEnd()}\n`);
    return name;
  }

  create(text: string): string {
    const complete = text.replace("</name>\n", `</name>\n  <uuid>${randomUUID()}</uuid>\n`);
    const { name } = readDomainXml(complete);
    this.launch(name, this.placeAll(complete));
    return name;
  }

  start(name: string): void {
    if (this.running.has(name)) throw new LibvirtError("Domain is already active");
    this.launch(name, this.inactiveXml(name));
  }

  stop(name: string): void {
    const vm = this.running.get(name);
    if (!vm) throw new LibvirtError("Requested operation is not valid: domain is not running");
    for (const hostdev of readDomainXml(vm.xml).hostdevs) this.host.giveBack(hostdev);
    this.running.delete(name);
    this.machine.files.remove(`/var/run/libvirt/qemu/${name}.pid`);
  }

  undefine(name: string): void {
    this.machine.files.remove(fileOf(name));
  }

  attachConfig(name: string, hostdev: GivenHostdev): void {
    this.needPersistent(name);
    let text = this.inactiveXml(name);
    if (readDomainXml(text).hostdevs.some((candidate) => candidate.address === hostdev.address))
      throw new LibvirtError("Requested operation is not valid: device is already in the domain configuration");
    if (!hostdev.guestAddress && !freeGuestAddress(readDomainXml(text))) text = withRootPorts(text);
    this.machine.files.plant(fileOf(name), withHostdev(text, placed(text, hostdev), undefined));
  }

  detachConfig(name: string, address: PciAddress): void {
    this.needPersistent(name);
    const text = this.inactiveXml(name);
    if (!readDomainXml(text).hostdevs.some((candidate) => candidate.address === address))
      throw new LibvirtError("device not found: device not present in domain configuration");
    this.machine.files.plant(fileOf(name), withoutHostdev(text, address));
  }

  /** Takes a PCI controller out of the configuration. */
  detachController(name: string, index: number): void {
    this.needPersistent(name);
    this.machine.files.plant(fileOf(name), withoutController(this.inactiveXml(name), index));
  }

  attachLive(name: string, hostdev: GivenHostdev): void {
    const vm = this.needRunning(name);
    if (!this.data.hotPlug) throw new LibvirtError("this function is not supported by the hypervisor: device_add");
    if (readDomainXml(vm.xml).hostdevs.some((candidate) => candidate.address === hostdev.address))
      throw new LibvirtError(`Requested operation is not valid: target pci device ${hostdev.address} already exists`);
    if (!freeGuestAddress(readDomainXml(vm.xml))) throw new LibvirtError("internal error: No more available PCI slots");
    this.take([hostdev], (reason) => `internal error: unable to execute QEMU command 'device_add': ${reason}`);
    vm.xml = withHostdev(vm.xml, placed(vm.xml, hostdev), `hostdev${vm.devices++}`);
  }

  /** A paused guest does not let go, and virsh says that it was asked (seen with libvirt 9.0). */
  detachLive(name: string, address: PciAddress): void {
    const vm = this.needRunning(name);
    const present = readDomainXml(vm.xml).hostdevs.find((candidate) => candidate.address === address);
    if (!present) throw new LibvirtError(`device not found: host pci device ${address} not found`);
    if (vm.paused) return;
    vm.xml = withoutHostdev(vm.xml, address);
    this.host.giveBack(present);
  }

  /** The VM that has a function now. */
  userOf(address: PciAddress): string | undefined {
    return [...this.running].find(([, { xml }]) =>
      readDomainXml(xml).hostdevs.some((hostdev) => hostdev.address === address),
    )?.[0];
  }

  private launch(name: string, text: string): void {
    const { hostdevs } = readDomainXml(text);
    this.take(hostdevs, (reason) => `internal error: qemu unexpectedly closed the monitor: ${reason}`);
    const id = ++this.lastId;
    const bare = hostdevs.reduce((xml, hostdev) => withoutHostdev(xml, hostdev.address), text);
    const xml = hostdevs.reduce((so, hostdev, index) => withHostdev(so, hostdev, `hostdev${index}`), bare);
    const head = xml.replace(/^<domain type='(\w+)'/, `<domain type='$1' id='${id}'`);
    const pid = 4000 + id;
    const { files } = this.machine;
    files.plant(`${files.resolve("/var/run")}/libvirt/qemu/${name}.pid`, String(pid));
    this.running.set(name, { id, pid, xml: head, paused: false, devices: hostdevs.length });
  }

  /** All or none, as virHostdevPreparePCIDevices. */
  private take(hostdevs: readonly GivenHostdev[], complaint: (reason: string) => string): void {
    const taken: GivenHostdev[] = [];
    try {
      for (const hostdev of hostdevs) {
        const user = this.userOf(hostdev.address);
        if (user !== undefined)
          throw new LibvirtError(
            `Requested operation is not valid: PCI device ${hostdev.address} is in use by driver QEMU, domain ${user}`,
          );
        this.host.take(hostdev);
        taken.push(hostdev);
      }
      for (const { address } of hostdevs) this.host.checkGroup(address, complaint);
    } catch (error) {
      for (const hostdev of taken) this.host.giveBack(hostdev);
      throw error;
    }
  }

  private needPersistent(name: string): void {
    if (!this.isPersistent(name))
      throw new LibvirtError("Requested operation is not valid: transient domains do not have any persistent config");
  }

  private needRunning(name: string): Running {
    const vm = this.running.get(name);
    if (!vm) throw new LibvirtError("Requested operation is not valid: domain is not running");
    return vm;
  }

  private placeAll(text: string): string {
    return readDomainXml(text).hostdevs.reduce(
      (so, hostdev) =>
        hostdev.guestAddress ? so : withHostdev(withoutHostdev(so, hostdev.address), placed(so, hostdev), undefined),
      text,
    );
  }
}

/** libvirt before 0.8 left the guest's addresses to QEMU. */
function placed(text: string, hostdev: GivenHostdev): GivenHostdev {
  if (readDomainXml(text).controllers.length === 0) return hostdev;
  return { ...hostdev, guestAddress: hostdev.guestAddress ?? freeGuestAddress(readDomainXml(text)) };
}

function fileOf(name: string): string {
  return `${FOLDER}/${name}.xml`;
}
