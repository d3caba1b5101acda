import { type PciAddress, parsePciAddress } from "../../provider/pci/address";
import { type Errno, errnoOf } from "../kernel/errno";
import { consoleLine } from "../xen/attachment";
import { createDomain, destroyDomain } from "../xen/domains";
import { LibxlLog } from "../xen/libxl-log";
import type { Xen } from "../xen/xen";
import { ApiError, type Dom0, type XapiMachine } from "./database";

const PCIBACK = "/sys/bus/pci/drivers/pciback";
const INTERNAL =
  "The server failed to handle your request, due to an internal error.  The given message may give details useful for debugging the problem.";

/**
 * VM_start of xenopsd (xen-api, ocaml/xenopsd, 0.150 to 26.1): the domain, then its devices one after the other.
 * Returns the domain's id.
 */
export function startDomain(machine: Dom0, xen: Xen, vm: XapiMachine): number {
  const devices = devicesOf(vm.otherConfig.get("pci") ?? "");
  // xapi_xenops.ml asks xenopsd for pciback before it starts a VM with devices.
  if (devices.length > 0 && !machine.files.exists(PCIBACK)) fail("pciback has not loaded");
  const config = {
    name: vm.name,
    uuid: vm.uuid,
    type: "hvm",
    memory: 512,
    maxMemory: 512,
    vcpus: 1,
    passthrough: undefined,
    disks: [],
    bridges: [],
    devices: [],
    badDevices: [],
  } as const;
  createDomain(xen, new LibxlLog(), config);
  const domain = [...xen.domains.values()].at(-1);
  if (!domain) return fail("no domain");
  for (const [index, address] of devices.entries()) {
    const error = errnoOf(() => {
      bind(machine, address);
      xen.hypervisor.assign(domain.id, address);
    });
    if (error) {
      destroyDomain(xen, domain);
      // Xenctrlext.Unix_error(30, …): the number of the constructor, then errno and its text.
      fail(
        `xenopsd internal error: Cannot_add(${address}, Xenctrlext.Unix_error(30, "${numberOf(error)}: ${textOf(error)}"))`,
      );
    }
    const vdevfn = (5 + index) << 3;
    const options = { msitranslate: false, powerManagement: false, permissive: false, seize: false };
    domain.devices = [...domain.devices, { address, vdevfn, rdmPolicy: "strict", ...options }];
    xen.store.write(`/local/domain/0/backend/pci/${domain.id}/0/dev-${index}`, address);
  }
  domain.console = `GUEST-UP\n${consoleLine(xen, domain)}`;
  return domain.id;
}

/**
 * Device.PCI.bind: from whatever driver has the function, without asking; then its reset, whose errors are not looked
 * at.
 */
function bind(machine: Dom0, address: PciAddress): void {
  const { files } = machine;
  const link = `/sys/bus/pci/devices/${address}/driver`;
  const driver = files.exists(link) ? files.resolve(link) : undefined;
  if (driver !== PCIBACK) {
    if (driver !== undefined) files.write(`${driver}/unbind`, address);
    files.write(`${PCIBACK}/new_slot`, address);
    files.write(`${PCIBACK}/bind`, address);
  }
  errnoOf(() => files.write(`/sys/bus/pci/devices/${address}/reset`, "1"));
}

/**
 * pciops.ml: Scanf "%d/%04x:%02x:%02x.%01x" for each piece, what does not match left out; by number, equal ones
 * backwards.
 */
export function devicesOf(value: string): readonly PciAddress[] {
  const found: { order: number; address: PciAddress }[] = [];
  for (const piece of value.split(",")) {
    const match = /^([+-]?[0-9][0-9_]*)\/([0-9a-fA-F]{1,4}):([0-9a-fA-F]{1,2}):([0-9a-fA-F]{1,2})\.([0-9a-fA-F])/.exec(
      piece,
    );
    const address = match && parsePciAddress(`${match[2]?.padStart(4, "0")}:${match[3]}:${match[4]}.${match[5]}`);
    if (match && address) found.unshift({ order: Number(match[1]?.replaceAll("_", "")), address });
  }
  return found.sort((a, b) => a.order - b.order).map((device) => device.address);
}

function numberOf(error: Errno): number {
  return { EOPNOTSUPP: 38, EBUSY: 16, ENODEV: 19 }[error.code as string] ?? 1;
}

function textOf(error: Errno): string {
  return error.code === "EOPNOTSUPP" ? "Function not implemented" : error.text;
}

function fail(message: string): never {
  throw new ApiError(INTERNAL, [["message", message]]);
}
