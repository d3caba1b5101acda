import type { PciAddress } from "../../provider/pci/address";
import { errnoOf } from "../kernel/errno";
import { addAssignable, isOnPciback, listAssignable } from "./assignable";
import type { Domain, DomainDevice } from "./domain";
import { type LibxlLog, RC, type Rc } from "./libxl-log";
import { storePath, unpadded, type Xen } from "./xen";

/** libxl__device_pci_add: gives a device to a domain that starts or runs (tools/libs/light/libxl_pci.c, 4.17). */
export function attachDevice(xen: Xen, log: LibxlLog, domain: Domain, device: DomainDevice): Rc {
  const { address } = device;
  const rc = tryAttach(xen, log, domain, device);
  if (rc === 0) return 0;
  log.say(
    "error",
    "libxl_pci.c:1711:device_pci_add_done",
    `libxl__device_pci_add failed for PCI device ${unpadded(address)} (rc ${rc})`,
    { domain: domain.id },
  );
  // Whoever had the device: its entry goes. pci-assignable-list then shows a device that is in use.
  xen.store.remove(`${storePath(address)}/domid`);
  return rc;
}

function tryAttach(xen: Xen, log: LibxlLog, domain: Domain, device: DomainDevice): Rc {
  const { address } = device;
  const location = (line: number) => `libxl_pci.c:${line}:libxl__device_pci_add`;
  const about = { domain: domain.id };
  if (domain.config.type === "hvm") {
    const noIommu = domain.passthrough === "disabled" || !xen.hypervisor.iommu;
    const taken = !noIommu && errnoOf(() => xen.hypervisor.testAssign(address)) !== undefined;
    if (noIommu || taken) {
      const why = noIommu ? "cannot be assigned - no IOMMU" : "already assigned to a different guest";
      log.say("error", location(1562), `PCI device ${address} ${why}?`, about);
      return RC.FAIL;
    }
  }
  if (device.seize && isOnPciback(xen, log, address) === false && addAssignable(xen, log, address) !== 0)
    return RC.FAIL;
  if (!listAssignable(xen, log)?.includes(address)) {
    log.say("error", location(1582), `PCI device ${unpadded(address)} is not assignable`, about);
    return RC.FAIL;
  }
  xen.store.write(`${storePath(address)}/domid`, domain.id);
  if (!xen.files.exists(`/sys/bus/pci/devices/${address}/reset`)) {
    const message = `The kernel doesn't support reset from sysfs for PCI device ${address}`;
    log.say("error", "libxl_pci.c:1479:libxl__device_pci_reset", message, { domain: 0 });
  }
  if (device.permissive) errnoOf(() => xen.files.write("/sys/bus/pci/drivers/pciback/permissive", address));
  const error =
    domain.passthrough === "disabled"
      ? errnoOf(() => xen.hypervisor.refuseWithoutIommu())
      : errnoOf(() => xen.hypervisor.assign(domain.id, address));
  if (error) {
    log.say("error", "libxl_pci.c:1436:pci_add_dm_done", "xc_assign_device failed", { ...about, errno: error });
    return RC.FAIL;
  }
  domain.devices = [...domain.devices, withSlot(domain, device)];
  writeBackend(xen, domain);
  domain.console += consoleLine(xen, domain);
  return 0;
}

/** libxl__device_pci_remove_common */
export function detachDevice(xen: Xen, log: LibxlLog, domain: Domain, address: PciAddress): Rc {
  if (!domain.devices.some((device) => device.address === address)) {
    log.say("error", "libxl_pci.c:1834:do_pci_remove", "PCI device not attached to this domain", { domain: domain.id });
    return RC.INVAL;
  }
  errnoOf(() => xen.hypervisor.deassign(domain.id, address));
  xen.store.remove(`${storePath(address)}/domid`);
  domain.devices = domain.devices.filter((device) => device.address !== address);
  writeBackend(xen, domain);
  domain.console += consoleLine(xen, domain);
  return 0;
}

/** `/local/domain/0/backend/pci/<domid>/0/…` (libxl_create_pci_backend_device) */
function writeBackend(xen: Xen, domain: Domain): void {
  const backend = `/local/domain/0/backend/pci/${domain.id}/0`;
  xen.store.remove(`/local/domain/0/backend/pci/${domain.id}`);
  if (domain.devices.length === 0) return;
  const write = (key: string, value: string | number) => xen.store.write(`${backend}/${key}`, value);
  write("frontend", `/local/domain/${domain.id}/device/pci/0`);
  write("frontend-id", domain.id);
  write("online", 1);
  write("state", 4);
  write("domain", domain.config.name);
  for (const [index, device] of domain.devices.entries()) {
    write(`key-${index}`, device.address);
    write(`dev-${index}`, device.address);
    if (device.vdevfn !== 0) write(`vdevfn-${index}`, device.vdevfn.toString(16));
    const flag = (value: boolean) => (value ? 1 : 0);
    write(
      `opts-${index}`,
      `msitranslate=${flag(device.msitranslate)},power_mgmt=${flag(device.powerManagement)},permissive=${flag(device.permissive)},rdm_policy=${device.rdmPolicy}`,
    );
    write(`state-${index}`, 3);
  }
  write("num_devs", domain.devices.length);
}

/** The device model of an HVM guest takes the first free slot; a PV guest's slots are its frontend's affair. */
function withSlot(domain: Domain, device: DomainDevice): DomainDevice {
  if (domain.config.type !== "hvm" || device.vdevfn !== 0) return device;
  const taken = new Set(domain.devices.map((attached) => attached.vdevfn));
  let vdevfn = 5 << 3;
  while (taken.has(vdevfn)) vdevfn += 8;
  return { ...device, vdevfn };
}

/** What the guest sees, as a guest of busybox and pcifront prints it. */
export function consoleLine(xen: Xen, domain: Domain): string {
  const seen = domain.devices.map((device, index) => {
    const value = (file: string) => xen.files.read(`/sys/bus/pci/devices/${device.address}/${file}`).trim();
    const slot = device.vdevfn === 0 ? index : device.vdevfn >> 3;
    return `0000:00:${slot.toString(16).padStart(2, "0")}.0=${value("vendor")}:${value("device")} `;
  });
  return `GUEST-PCI: ${seen.join("")}\n`;
}
