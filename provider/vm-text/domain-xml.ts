import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import { type PciAddress, parsePciAddress } from "../pci/address";
import type { AttachOptions } from "./attach-options";

/** An address on the guest's PCI buses. `bus` is the index of a PCI controller. */
export interface GuestAddress {
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
}

/** A PCI function of the host that a domain XML gives to the VM. */
export interface PciHostdev {
  readonly address: PciAddress;
  /** `<hostdev>`, or `<interface type='hostdev'>`: a network card that libvirt also configures. */
  readonly element: "hostdev" | "interface";
  /** Whether libvirt detaches it from its host driver when the VM starts, and reattaches it when the VM stops. */
  readonly managed: boolean;
  readonly permissive: boolean;
  readonly alias: string | undefined;
  readonly guestAddress: GuestAddress | undefined;
}

/** The parts of a domain XML (libvirt docs/formatdomain.rst, 9.0) that tell which devices the VM has and where more would fit. */
export interface DomainXml {
  readonly name: string;
  /** Lower case, with dashes. */
  readonly uuid: string;
  /** The hypervisor, from `<domain type=…>`: `kvm`, `qemu`, `xen`. */
  readonly type: string;
  /** `hvm`, `linux` (Xen's PV guests), `xenpvh`. */
  readonly osType: string;
  readonly machine: string | undefined;
  readonly hostdevs: readonly PciHostdev[];
  readonly controllers: readonly PciController[];
  /** Addresses of all the guest's PCI devices, including hostdevs and controllers. */
  readonly guestAddresses: readonly GuestAddress[];
}

/** A PCI controller of the guest; `index` is also the number of its bus. */
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
/** The parser yields text for an element without attributes and children. */
const element = <T extends z.ZodType>(schema: T) => z.union([schema, z.string().transform(() => undefined)]).optional();
const Named = element(z.object({ "@name": Attribute }));
const Device = z.union([
  z.object({
    "@mode": Attribute,
    "@type": Attribute,
    "@managed": Attribute,
    "@index": Attribute,
    "@model": Attribute,
    source: element(z.object({ "@writeFiltering": Attribute, address: element(Address) })),
    address: element(Address),
    alias: Named,
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
      type: z.union([
        z.object({ "#text": z.string().default(""), "@machine": Attribute }),
        z.string().transform((text) => ({ "#text": text, "@machine": undefined })),
      ]),
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

/** Reads concatenated domain XML documents. Throws ZodError or the parser's Error for what libvirt could not have written. */
export function readDomainXmls(text: string): readonly DomainXml[] {
  const { domains } = z
    .object({ domains: element(z.object({ domain: z.array(Domain).default([]) })) })
    .parse(PARSER.parse(`<domains>${text}</domains>`));
  return (domains?.domain ?? []).map(readDomain);
}

/** The contents of a `<hostdev>` that we write, for `virsh attach-device` and for a domain XML. */
export interface Hostdev {
  readonly address: PciAddress;
  readonly managed: boolean;
  readonly options: Pick<AttachOptions, "permissive">;
  /** Its address in the guest; undefined leaves the choice to libvirt. */
  readonly guestAddress: (GuestAddress & { readonly multifunction?: boolean }) | undefined;
  /** Set only where libvirt would choose another backend itself (libvirt 1.0.5 to 1.1.2: KVM's legacy assignment). */
  readonly driver: "vfio" | undefined;
}

/** Writes a `<hostdev>` element, indented as inside `<devices>`, without a newline at its end. */
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

/** Writes the `<address>` of a `<source>` exactly as every version of libvirt does: `"0x%.4x"`, `"0x%.2x"`, `"0x%.2x"`, `"0x%.1x"` (src/conf/domain_conf.c). */
export function formatSourceAddress(address: PciAddress): string {
  const [segment = "", bus = "", slot = "", func = ""] = address.split(/[:.]/);
  return `<address domain='0x${segment}' bus='0x${bus}' slot='0x${slot}' function='0x${func}'/>`;
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
    osType: domain.os?.type["#text"].trim() ?? "",
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
    element: name === "hostdev" ? "hostdev" : "interface",
    managed: device["@managed"] === "yes",
    permissive: device.source?.["@writeFiltering"] === "no",
    alias: device.alias?.["@name"],
    guestAddress: readGuestAddress(device.address),
  };
}

function isPciHostdev(name: string, device: Device): boolean {
  if (name === "interface") return device["@type"] === "hostdev" && device.source?.address?.["@type"] === "pci";
  // An absent mode means subsystem.
  return name === "hostdev" && device["@type"] === "pci" && (device["@mode"] ?? "subsystem") === "subsystem";
}

function readSourceAddress(address: z.infer<typeof Address>): PciAddress | undefined {
  const [segment, bus, slot, func] = (["@domain", "@bus", "@slot", "@function"] as const).map((part) =>
    address[part] === undefined ? 0 : readNumber(address[part]),
  );
  if (segment === undefined || bus === undefined || slot === undefined || func === undefined) return undefined;
  const hex = (number: number, width: number) => number.toString(16).padStart(width, "0");
  return parsePciAddress(`${hex(segment, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${hex(func, 1)}`);
}

function readGuestAddress(address: z.infer<typeof Address> | undefined): GuestAddress | undefined {
  if (address?.["@type"] !== "pci") return undefined;
  const [bus = 0, slot, func = 0] = (["@bus", "@slot", "@function"] as const).map((part) => readNumber(address[part]));
  return slot === undefined ? undefined : { bus, slot, function: func };
}

/** Like libvirt's virStrToLong_ui with base 0: hexadecimal after 0x, octal after a leading 0, else decimal. */
function readNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^0x[0-9a-f]+$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number.parseInt(text, 10) : undefined;
}
