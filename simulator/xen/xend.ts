import { parsePciAddress } from "../../provider/pci/address";
import { errnoOf } from "../kernel/errno";
import type { Domain, DomainConfig, DomainDevice } from "./domain";
import type { Xen } from "./xen";

/** What xend answers with when it does not do a thing: `Error: …` on standard error. */
export class XendError extends Error {
  override readonly name = "XendError";
}

const PCIBACK = "/sys/bus/pci/drivers/pciback";

/**
 * The domain daemon of Xen up to 4.4 (xen, tools/python/xen/xend, 3.2 and 4.1), as far as domains and their PCI devices
 * go.
 */
export function startDomain(xen: Xen, config: DomainConfig): Domain {
  for (const device of config.devices) checkDevice(xen, device);
  const domain: Domain = {
    id: xen.nextDomain(),
    config,
    passthrough: "enabled",
    paused: false,
    devices: [],
    console: "",
    startedAt: Date.now(),
  };
  xen.domains.set(domain.id, domain);
  xen.store.write(`/local/domain/${domain.id}/name`, config.name);
  for (const device of config.devices) giveDevice(xen, domain, device);
  domain.console = consoleText(xen, domain);
  return domain;
}

/** Takes a domain away, with what xenstore and the hypervisor know of it. */
export function endDomain(xen: Xen, domain: Domain): void {
  xen.hypervisor.destroy(domain.id);
  xen.store.remove(`/local/domain/0/backend/pci/${domain.id}`);
  xen.store.remove(`/local/domain/${domain.id}`);
  xen.domains.delete(domain.id);
}

/** device_configure with the state Initialising (server/pciif.py, setupOneDevice). */
export function giveDevice(xen: Xen, domain: Domain, device: DomainDevice): void {
  checkDevice(xen, device);
  for (const field of quirksOf(xen, device))
    errnoOf(() => xen.files.write(`${PCIBACK}/quirks`, `${device.address}-${field}`));
  if (isUnconstrained(xen, device)) errnoOf(() => xen.files.write(`${PCIBACK}/permissive`, device.address));
  domain.devices = [...domain.devices, device];
  writeBackend(xen, domain);
}

/** device_configure with the state Closing. */
export function takeDevice(xen: Xen, domain: Domain, device: DomainDevice): void {
  domain.devices = domain.devices.filter((attached) => attached.address !== device.address);
  writeBackend(xen, domain);
}

/** find_all_assignable_devices less what domains have; undefined where pciback is not loaded. */
export function assignableDevices(xen: Xen): readonly string[] | undefined {
  if (!xen.files.exists(PCIBACK)) return undefined;
  const bound = xen.files.list(PCIBACK).filter((name) => parsePciAddress(name) !== undefined);
  return bound.filter((address) => holderOf(xen, address) === undefined);
}

function checkDevice(xen: Xen, { address }: DomainDevice): void {
  const link = `/sys/bus/pci/devices/${address}/driver`;
  const driver = xen.files.exists(link) ? xen.files.resolve(link) : "";
  if (driver !== PCIBACK) {
    throw new XendError(
      xen.data.major === 3
        ? `pci: PCI Backend does not own device ${address}\nSee the pciback.hide kernel command-line parameter or\nbind your slot/device to the PCI backend using sysfs`
        : `pci: PCI Backend and pci-stub don't own device ${address}`,
    );
  }
  if (holderOf(xen, address)) throw new XendError(`Failed to assign device to IOMMU (${address})`);
}

function holderOf(xen: Xen, address: string): Domain | undefined {
  return [...xen.domains.values()].find((domain) => domain.devices.some((device) => device.address === address));
}

/** PCIQuirk: the ids in xend-pci-permissive.sxp, read each time. */
function isUnconstrained(xen: Xen, { address }: DomainDevice): boolean {
  const path = "/etc/xen/xend-pci-permissive.sxp";
  if (!xen.files.exists(path)) return false;
  const text = xen.files.read(path).replace(/#.*$/gm, "");
  const [, list = ""] = /\(\s*unconstrained_dev_ids\s*\(([^()]*)\)/.exec(text) ?? [];
  return means(xen, list, address);
}

/** PCIQuirk: the fields of the first node in xend-pci-quirks.sxp that means the device. */
function quirksOf(xen: Xen, { address }: DomainDevice): readonly string[] {
  const path = "/etc/xen/xend-pci-quirks.sxp";
  const text = xen.files.exists(path) ? xen.files.read(path).replace(/#.*$/gm, "") : "";
  const nodes = text.matchAll(/\(\s*pci_ids\s*\(([^()]*)\)\s*\)\s*\(\s*pci_config_space_fields\s*\(([^()]*)\)\s*\)/g);
  const [, , fields = ""] = [...nodes].find(([, ids = ""]) => means(xen, ids, address)) ?? [];
  return [...fields.matchAll(/'([^']*)'/g)].map(([, field = ""]) => field);
}

function means(xen: Xen, list: string, address: string): boolean {
  const value = (file: string) => xen.files.read(`/sys/bus/pci/devices/${address}/${file}`).trim().slice(2);
  const ids = [value("vendor"), value("device"), value("subsystem_vendor"), value("subsystem_device")];
  return [...list.matchAll(/'([^']*)'/g)].some(([, entry = ""]) =>
    entry.split(":").every((part, index) => part === ids[index] || (index > 1 && part.toLowerCase() === "ffff")),
  );
}

/** The function has two digits up to Xen 3.4 (pciif.py: "%04x:%02x:%02x.%02x"). */
function writeBackend(xen: Xen, domain: Domain): void {
  const backend = `/local/domain/0/backend/pci/${domain.id}/0`;
  xen.store.remove(`/local/domain/0/backend/pci/${domain.id}`);
  if (domain.devices.length === 0) return;
  xen.store.write(`${backend}/frontend-id`, domain.id);
  xen.store.write(`${backend}/state`, 4);
  xen.store.write(`${backend}/num_devs`, domain.devices.length);
  for (const [index, { address }] of domain.devices.entries()) {
    xen.store.write(`${backend}/dev-${index}`, xen.data.major === 3 ? address.replace(/\.(.)$/, ".0$1") : address);
  }
}

/** What a guest with pcifront says of its devices (linux-2.6.18-xen, drivers/xen/pcifront). */
function consoleText(xen: Xen, domain: Domain): string {
  if (domain.devices.length === 0) return "GUEST-UP\n";
  const seen = domain.devices.map(({ address }, index) => {
    const value = (file: string) => xen.files.read(`/sys/bus/pci/devices/${address}/${file}`).trim();
    return `0000:00:${index.toString(16).padStart(2, "0")}.0=${value("vendor")}:${value("device")} `;
  });
  return `GUEST-UP\npcifront pci-0: Installing PCI frontend\npcifront pci-0: Creating PCI Frontend Bus 0000:00\nGUEST-PCI: ${seen.join("")}\n`;
}
