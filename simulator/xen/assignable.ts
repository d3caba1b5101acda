import type { PciAddress } from "../../provider/pci/address";
import { Errno, errnoOf } from "../kernel/errno";
import { DOMID_IO } from "./hypervisor";
import { type LibxlLog, RC, type Rc } from "./libxl-log";
import { isAtLeast, storePath, type Xen } from "./xen";

const PCIBACK = "/sys/bus/pci/drivers/pciback";
const DEVICES = "/sys/bus/pci/devices";

/** libxl_device_pci_assignable_list (tools/libs/light/libxl_pci.c, 4.17); undefined when pciback is not loaded. */
export function listAssignable(xen: Xen, log: LibxlLog): readonly PciAddress[] | undefined {
  if (!xen.files.exists(PCIBACK)) {
    log.say("error", "libxl_pci.c:444:libxl_device_pci_assignable_list", "Looks like pciback driver not loaded");
    return undefined;
  }
  const bound = xen.files.list(PCIBACK).filter((name) => /^[0-9a-f]{4}:/.test(name)) as PciAddress[];
  return bound.filter((address) => xen.userOf(address) === undefined);
}

/** libxl__device_pci_assignable_add */
export function addAssignable(xen: Xen, log: LibxlLog, address: PciAddress, name?: string): Rc {
  const location = (line: number) => `libxl_pci.c:${line}:libxl__device_pci_assignable_add`;
  if (!xen.files.exists(`${DEVICES}/${address}`)) {
    log.say("error", location(792), `Couldn't lstat ${DEVICES}/${address}`, { errno: new Errno("ENOENT") });
    return RC.FAIL;
  }
  const assigned = isOnPciback(xen, log, address);
  if (assigned === undefined) return RC.FAIL;
  if (assigned) log.say("warning", location(802), `${address} already assigned to pciback`);
  else {
    const driver = driverPath(xen, address);
    if (driver !== undefined && !writeAddress(xen, log, `${driver}/unbind`, address)) {
      log.say("error", "libxl_pci.c:549:sysfs_dev_unbind", "Couldn't unbind device");
      log.say("error", location(810), `Couldn't unbind ${address} from driver`);
      return RC.FAIL;
    }
    rememberDriver(xen, log, address, driver);
    if (!bindToPciback(xen, log, address)) {
      log.say("error", location(830), "Couldn't bind device to pciback!");
      return RC.FAIL;
    }
  }
  if (name === undefined) xen.store.remove(`${storePath(address)}/name`);
  else xen.store.write(`${storePath(address)}/name`, name);
  if (!isAtLeast(xen, 13)) return 0; // no quarantine before 319f9a0ba9
  const error = errnoOf(() => xen.hypervisor.assign(DOMID_IO, address));
  if (!error) return 0;
  log.say("error", location(848), `failed to quarantine ${address}`);
  return RC.FAIL;
}

/** libxl__device_pci_assignable_remove */
export function removeAssignable(xen: Xen, log: LibxlLog, address: PciAddress, rebind: boolean): Rc {
  const location = (line: number) => `libxl_pci.c:${line}:libxl__device_pci_assignable_remove`;
  if (isAtLeast(xen, 13) && errnoOf(() => xen.hypervisor.deassign(DOMID_IO, address))) {
    log.say("error", location(906), `failed to de-quarantine ${address}`);
    return RC.FAIL;
  }
  const assigned = isOnPciback(xen, log, address);
  if (assigned === undefined) return RC.FAIL;
  if (assigned) unbindFromPciback(xen, log, address);
  else log.say("warning", location(917), "Not bound to pciback");
  const driver = xen.store.read(`${storePath(address)}/driver_path`);
  if (rebind && driver === undefined) {
    log.say("warning", location(939), "Couldn't find path for original driver; not rebinding");
  }
  if (rebind && driver !== undefined) {
    log.say("info", location(925), `Rebinding to driver at ${driver}`);
    if (!writeAddress(xen, log, `${driver}/bind`, address)) {
      log.say("error", location(930), `Couldn't bind device to ${driver}`);
      return RC.FAIL;
    }
    xen.store.remove(`${storePath(address)}/driver_path`);
  }
  xen.store.remove(`${storePath(address)}/name`);
  return 0;
}

/** pciback_dev_is_assigned; undefined when the driver is not there. */
export function isOnPciback(xen: Xen, log: LibxlLog, address: PciAddress): boolean | undefined {
  if (xen.files.exists(PCIBACK)) return xen.files.exists(`${PCIBACK}/${address}`);
  log.say("error", "libxl_pci.c:693:pciback_dev_is_assigned", "Looks like pciback driver is not loaded");
  return undefined;
}

function driverPath(xen: Xen, address: PciAddress): string | undefined {
  const link = `${DEVICES}/${address}/driver`;
  return xen.files.exists(link) ? xen.files.resolve(link) : undefined;
}

function rememberDriver(xen: Xen, log: LibxlLog, address: PciAddress, driver: string | undefined): void {
  const location = (line: number) => `libxl_pci.c:${line}:libxl__device_pci_assignable_add`;
  const entry = `${storePath(address)}/driver_path`;
  const before = xen.store.read(entry);
  if (driver !== undefined) xen.store.write(entry, driver);
  else if (before !== undefined) {
    log.say("info", location(819), `${address} not bound to a driver, will be rebound to ${before}`);
  } else log.say("warning", location(822), `${address} not bound to a driver, will not be rebound.`);
}

/** pciback_dev_assign */
function bindToPciback(xen: Xen, log: LibxlLog, address: PciAddress): boolean {
  const written =
    (hasSlot(xen, address) || writeAddress(xen, log, `${PCIBACK}/new_slot`, address)) &&
    writeAddress(xen, log, `${PCIBACK}/bind`, address);
  if (!written) log.say("error", "libxl_pci.c:733:pciback_dev_assign", "Couldn't bind device to pciback!");
  return written;
}

/** pciback_dev_unassign; whether it worked is not asked. */
function unbindFromPciback(xen: Xen, log: LibxlLog, address: PciAddress): void {
  const driver = driverPath(xen, address);
  if (driver !== undefined && !writeAddress(xen, log, `${driver}/unbind`, address)) {
    log.say("error", "libxl_pci.c:549:sysfs_dev_unbind", "Couldn't unbind device");
    log.say("error", "libxl_pci.c:744:pciback_dev_unassign", "Couldn't unbind device!");
    return;
  }
  if (hasSlot(xen, address) && !writeAddress(xen, log, `${PCIBACK}/remove_slot`, address)) {
    log.say("error", "libxl_pci.c:752:pciback_dev_unassign", "Couldn't remove pciback slot");
  }
}

function hasSlot(xen: Xen, address: PciAddress): boolean {
  return xen.files.read(`${PCIBACK}/slots`).split("\n").includes(address);
}

/** sysfs_write_bdf */
function writeAddress(xen: Xen, log: LibxlLog, path: string, address: PciAddress): boolean {
  const error = errnoOf(() => xen.files.write(path, address));
  if (!error) return true;
  if (error.code === "ENOENT")
    log.say("error", "libxl_pci.c:378:sysfs_write_bdf", `Couldn't open ${path}`, { errno: error });
  else log.say("error", "libxl_pci.c:386:sysfs_write_bdf", `write to ${path} returned -1`, { errno: error });
  return false;
}
