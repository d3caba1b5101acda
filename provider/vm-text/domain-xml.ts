import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import { type PciAddress, parsePciAddress } from "../pci/address";
import type { AttachOptions } from "./attach-options";

/** A place on the guest's own PCI buses. `bus` is the index of a PCI controller. */
export interface GuestAddress {
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
}

/** A PCI function of the host that a domain XML gives to the VM. */
export interface PciHostdev {
  readonly address: PciAddress;
  /** Whether libvirt takes it from its host driver at the VM's start, and gives it back at its end. */
  readonly managed: boolean;
  readonly permissive: boolean;
  readonly guestAddress: GuestAddress | undefined;
}

/** What of a domain XML (libvirt docs/formatdomain.rst, 9.0) says which devices the VM has and what room it has for more. */
export interface DomainXml {
  readonly name: string;
  /** Small letters, with dashes. */
  readonly uuid: string;
  /** Of `<domain type=…>`: `kvm`, `qemu`, `xen`. */
  readonly type: string;
  readonly machine: string | undefined;
  readonly hostdevs: readonly PciHostdev[];
  readonly controllers: readonly PciController[];
  /** Addresses of all guest devices on PCI buses, hostdevs and controllers included. */
  readonly guestAddresses: readonly GuestAddress[];
}

/** A PCI bus of the guest; the bus that `index` numbers. */
export interface PciController {
  readonly index: number;
  /** `pci-root`, `pci-bridge`, `pcie-root`, `pcie-root-port`, … */
  readonly model: string;
}

const Attribute = z.string().optional();
const Address = z.object({
  "@type": Attribute,
  "@domain": Attribute,
  "@bus": Attribute,
  "@slot": Attribute,
  "@function": Attribute,
});
/** An element without attributes and children is read as text. */
const element = <T extends z.ZodType>(schema: T) => z.union([schema, z.string().transform(() => undefined)]).optional();
const Device = z.union([
  z.object({
    "@mode": Attribute,
    "@type": Attribute,
    "@managed": Attribute,
    "@index": Attribute,
    "@model": Attribute,
    source: element(z.object({ "@writeFiltering": Attribute, address: element(Address) })),
    address: element(Address),
  }),
  z.string().transform(() => undefined),
]);
const Devices = z.record(z.string(), z.union([z.array(Device), z.string().transform(() => [])]));
const Domain = z.object({
  "@type": z.string(),
  name: z.string(),
  uuid: z.string(),
  os: element(
    z.object({
      type: z.union([z.object({ "@machine": Attribute }), z.string().transform(() => ({ "@machine": undefined }))]),
    }),
  ),
  devices: element(Devices),
});
type Device = NonNullable<z.infer<typeof Device>>;

const PARSER = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false, // a name may begin with a space
  htmlEntities: true, // the numeric ones too
  processEntities: { enabled: true, maxTotalExpansions: 1_000_000, maxExpandedLength: 100_000_000 },
  isArray: (_, path) => path === "domains.domain" || /^domains\.domain\.devices\.[^.]+$/.test(String(path)),
});

/** Reads domain XML documents that stand one after another. Throws when libvirt could not have written them. */
export function readDomainXmls(text: string): readonly DomainXml[] {
  const { domains } = z
    .object({ domains: element(z.object({ domain: z.array(Domain).default([]) })) })
    .parse(PARSER.parse(`<domains>${text}</domains>`));
  return (domains?.domain ?? []).map(readDomain);
}

/** Our `<hostdev>`, and nothing else: what `virsh attach-device` takes. */
export interface Hostdev {
  readonly address: PciAddress;
  readonly managed: boolean;
  readonly options: Pick<AttachOptions, "permissive">;
  /** Where the guest has it; undefined leaves that to libvirt. */
  readonly guestAddress: (GuestAddress & { readonly multifunction?: boolean }) | undefined;
  /** Named only where libvirt would take another way by itself (libvirt 1.0.5 to 1.1.2: KVM's old one). */
  readonly driver: "vfio" | undefined;
}

export function formatHostdev({ address, managed, options, guestAddress, driver }: Hostdev): string {
  const filtering = options.permissive === undefined ? "" : ` writeFiltering='${options.permissive ? "no" : "yes"}'`;
  return [
    `    <hostdev mode='subsystem' type='pci' managed='${managed ? "yes" : "no"}'>`,
    ...(driver === undefined ? [] : [`      <driver name='${driver}'/>`]),
    `      <source${filtering}>`,
    `        ${formatSourceAddress(address)}`,
    "      </source>",
    ...(guestAddress === undefined ? [] : [`      ${formatGuestAddress(guestAddress)}`]),
    "    </hostdev>",
  ].join("\n");
}

/** As libvirt writes it too, in all versions: `"0x%.4x"`, `"0x%.2x"`, `"0x%.2x"`, `"0x%.1x"` (src/conf/domain_conf.c). */
export function formatSourceAddress(address: PciAddress): string {
  const [domain = "", bus = "", slot = "", fn = ""] = address.split(/[:.]/);
  return `<address domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${fn}'/>`;
}

function formatGuestAddress(guest: NonNullable<Hostdev["guestAddress"]>): string {
  const hex = (number: number, width: number) => `0x${number.toString(16).padStart(width, "0")}`;
  const multifunction = guest.multifunction ? " multifunction='on'" : "";
  return `<address type='pci' domain='0x0000' bus='${hex(guest.bus, 2)}' slot='${hex(guest.slot, 2)}' function='${hex(guest.function, 1)}'${multifunction}/>`;
}

function readDomain(domain: z.infer<typeof Domain>): DomainXml {
  const devices = Object.entries(domain.devices ?? {}).flatMap(([name, list]) =>
    name.startsWith("#") ? [] : list.flatMap((device) => (device ? [[name, device] as const] : [])),
  );
  return {
    name: domain.name,
    uuid: domain.uuid.trim().toLowerCase(),
    type: domain["@type"],
    machine: domain.os?.type["@machine"],
    hostdevs: devices.flatMap(([name, device]) => readHostdev(name, device) ?? []),
    controllers: devices.flatMap(([name, device]) =>
      name === "controller" && device["@type"] === "pci"
        ? [{ index: readNumber(device["@index"]) ?? 0, model: device["@model"] ?? "" }]
        : [],
    ),
    guestAddresses: devices.flatMap(([, device]) => readGuestAddress(device.address) ?? []),
  };
}

function readHostdev(name: string, device: Device): PciHostdev | undefined {
  if (!isPciHostdev(name, device)) return undefined;
  const source = device.source?.address;
  const address = source && readSourceAddress(source);
  if (!address) return undefined;
  return {
    address,
    managed: device["@managed"] === "yes",
    permissive: device.source?.["@writeFiltering"] === "no",
    guestAddress: readGuestAddress(device.address),
  };
}

function isPciHostdev(name: string, device: Device): boolean {
  if (name === "interface") return device["@type"] === "hostdev" && device.source?.address?.["@type"] === "pci";
  // mode='subsystem' is what an absent mode means.
  return name === "hostdev" && device["@type"] === "pci" && (device["@mode"] ?? "subsystem") === "subsystem";
}

function readSourceAddress(address: z.infer<typeof Address>): PciAddress | undefined {
  const [domain, bus, slot, fn] = (["@domain", "@bus", "@slot", "@function"] as const).map((part) =>
    address[part] === undefined ? 0 : readNumber(address[part]),
  );
  if (domain === undefined || bus === undefined || slot === undefined || fn === undefined) return undefined;
  const hex = (number: number, width: number) => number.toString(16).padStart(width, "0");
  return parsePciAddress(`${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${hex(fn, 1)}`);
}

function readGuestAddress(address: z.infer<typeof Address> | undefined): GuestAddress | undefined {
  if (address?.["@type"] !== "pci") return undefined;
  const [bus = 0, slot, fn = 0] = (["@bus", "@slot", "@function"] as const).map((part) => readNumber(address[part]));
  return slot === undefined ? undefined : { bus, slot, function: fn };
}

/** As libvirt's virStrToLong_ui with base 0 reads it: 0x is hexadecimal, a leading 0 octal, everything else decimal. */
function readNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^0x[0-9a-f]+$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number.parseInt(text, 10) : undefined;
}
