import { z } from "zod";
import { type PciAddress, parsePciAddress } from "../pci/address";
import type { AttachOptions } from "./attach-options";
import { readCNumber } from "./c-number";
import { Address, Attribute, element } from "./domain-element";
import { type GuestAddress, guestAddressOf } from "./guest-address";

/** A PCI function of the host that a domain XML gives to the VM. */
export interface PciHostdev {
  readonly address: PciAddress;
  /** What gives it: `<hostdev>`, `<interface type='hostdev'>`, `<disk type='nvme'>`, or an argument of QEMU. */
  readonly element: "hostdev" | "interface" | "disk" | "command-line";
  /** Whether libvirt takes it from its host driver at the VM's start, and gives it back at its end. */
  readonly managed: boolean;
  readonly permissive: boolean;
  readonly driver: HostdevDriver | undefined;
  readonly guestAddress: GuestAddress | undefined;
}

/** The `<driver>` of a hostdev. */
export interface HostdevDriver {
  /** `vfio`, `xen`, and up to libvirt 5.6 `kvm`; undefined leaves the choice to libvirt. */
  readonly name: string | undefined;
  /** The variant of vfio-pci, by the name of its module: `mlx5_vfio_pci`. Undefined leaves the choice to libvirt. */
  readonly model: string | undefined;
}

/** Our `<hostdev>`, and nothing else: what `virsh attach-device` takes. */
export interface Hostdev {
  readonly address: PciAddress;
  readonly managed: boolean;
  readonly options: Pick<AttachOptions, "permissive">;
  /** Where the guest has it; undefined leaves that to libvirt. */
  readonly guestAddress: (GuestAddress & { readonly multifunction?: boolean }) | undefined;
  /** Named only where libvirt would take another way by itself (libvirt 1.0.5 to 1.1.2: KVM's old one), or did so. */
  readonly driver: HostdevDriver | undefined;
}

/** The `<hostdev>` element that gives a function to a VM, as libvirt reads it (libvirt, docs/formatdomain.rst). */
export function formatHostdev({ address, managed, options, guestAddress, driver }: Hostdev): string {
  const filtering = options.permissive === undefined ? "" : ` writeFiltering='${options.permissive ? "no" : "yes"}'`;
  return [
    `    <hostdev mode='subsystem' type='pci' managed='${managed ? "yes" : "no"}'>`,
    ...(driver === undefined ? [] : [`      ${formatDriver(driver)}`]),
    `      <source${filtering}>`,
    `        ${formatSourceAddress(address)}`,
    "      </source>",
    ...(guestAddress === undefined ? [] : [`      ${formatGuestAddress(guestAddress)}`]),
    "    </hostdev>",
  ].join("\n");
}

/**
 * As libvirt writes it too, in all versions: `"0x%.4x"`, `"0x%.2x"`, `"0x%.2x"`, `"0x%.1x"` (src/conf/domain_conf.c).
 */
export function formatSourceAddress(address: PciAddress): string {
  const [domain = "", bus = "", slot = "", fn = ""] = address.split(/[:.]/);
  return `<address domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${fn}'/>`;
}

function formatDriver({ name, model }: HostdevDriver): string {
  const attribute = (key: string, value: string | undefined) => (value === undefined ? "" : ` ${key}='${value}'`);
  return `<driver${attribute("name", name)}${attribute("model", model)}/>`;
}

function formatGuestAddress(guest: NonNullable<Hostdev["guestAddress"]>): string {
  const hex = (number: number, width: number) => `0x${number.toString(16).padStart(width, "0")}`;
  const multifunction = guest.multifunction ? " multifunction='on'" : "";
  return `<address type='pci' domain='0x0000' bus='${hex(guest.bus, 2)}' slot='${hex(guest.slot, 2)}' function='${hex(guest.function, 1)}'${multifunction}/>`;
}

const Kind = z.object({ "@mode": Attribute, "@type": Attribute });
const Driver = z.object({ "@name": Name(), "@model": Name() });
const Source = z.object({ "@managed": Attribute, "@writeFiltering": Attribute, address: element(Address) });
const HostDevice = z.object({ "@managed": Attribute, driver: element(Driver), source: element(Source) });

/** What is written back as it was read must need no escapes. */
function Name() {
  return z
    .string()
    .regex(/^[\w-]+$/)
    .optional();
}

/**
 * Reads an element of `<devices>`; undefined when it gives the VM no PCI function. Throws where it gives one, and it
 * cannot be told which.
 */
export function readPciHostdev(name: string, device: unknown): PciHostdev | undefined {
  if (name !== "hostdev" && name !== "interface" && name !== "disk") return undefined;
  const { "@mode": mode = "subsystem", "@type": type } = Kind.parse(device);
  if (type !== { hostdev: "pci", interface: "hostdev", disk: "nvme" }[name] || mode !== "subsystem") return undefined;
  const { "@managed": managed, driver, source } = HostDevice.parse(device);
  if (name === "interface" && source?.address?.["@type"] === "usb") return undefined;
  const address = source?.address && readSourceAddress(source.address);
  if (!address) throw new RangeError(`<${name}> without the address of a PCI function`);
  return {
    address,
    element: name,
    managed: (name === "disk" ? source["@managed"] : managed) === "yes",
    permissive: source["@writeFiltering"] === "no",
    // That of a disk is QEMU's block driver.
    driver: driver && name !== "disk" ? { name: driver["@name"], model: driver["@model"] } : undefined,
    guestAddress: guestAddressOf(device),
  };
}

function readSourceAddress(address: z.infer<typeof Address>): PciAddress | undefined {
  const [domain, bus, slot, fn] = (["@domain", "@bus", "@slot", "@function"] as const).map((part) =>
    address[part] === undefined ? 0 : readCNumber(address[part]),
  );
  if (domain === undefined || bus === undefined || slot === undefined || fn === undefined) return undefined;
  const hex = (number: number, width: number) => number.toString(16).padStart(width, "0");
  return parsePciAddress(`${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${hex(fn, 1)}`);
}
