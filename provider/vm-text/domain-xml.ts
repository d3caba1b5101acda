import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import { readCNumber } from "./c-number";
import { readDisk, type VmDisk } from "./domain-disk";
import { Attribute, element } from "./domain-element";
import { type PciHostdev, readPciHostdev } from "./domain-hostdev";
import { readInterface, type VmInterface } from "./domain-interface";
import { type GuestAddress, guestAddressOf } from "./guest-address";
import { readCommandLine } from "./qemu-command-line";

/**
 * What of a domain XML (libvirt docs/formatdomain.rst, 10.0) says what of the host the VM has, and what room it has for
 * more.
 */
export interface DomainXml {
  readonly name: string;
  /** Small letters, with dashes. */
  readonly uuid: string;
  /** Of `<domain type=…>`: `kvm`, `qemu`, `xen`. */
  readonly type: string;
  readonly machine: string | undefined;
  /** Of all kinds: NVMe disks and arguments of QEMU too. */
  readonly hostdevs: readonly PciHostdev[];
  readonly controllers: readonly PciController[];
  /** Addresses of all guest devices on PCI buses, hostdevs and controllers included. */
  readonly guestAddresses: readonly GuestAddress[];
  readonly disks: readonly VmDisk[];
  readonly interfaces: readonly VmInterface[];
  /** Devices of which it cannot be told what of the host they are: `<hostdev> 2`. They may be anything. */
  readonly unreadable: readonly string[];
}

/** A PCI bus of the guest; the bus that `index` numbers. */
export interface PciController {
  readonly index: number;
  /** `pci-root`, `pci-bridge`, `pcie-root`, `pcie-root-port`, … */
  readonly model: string;
}

/** A document that libvirt could not have written. */
export class UnreadableDomainXml extends Error {
  override readonly name = "UnreadableDomainXml";
}

// An unknown part is read where it is needed: an odd one elsewhere does no harm.
const Domain = z.object({
  domain: z.looseObject({
    "@type": z.string(),
    name: z.string(),
    uuid: z.string(),
    os: z.unknown().optional(),
    devices: element(z.record(z.string(), z.unknown())),
  }),
});
const Os = z.object({ type: z.object({ "@machine": Attribute }) });
const Controller = z.object({ "@type": z.literal("pci"), "@index": Attribute, "@model": Attribute });

const PARSER = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false, // a name may begin with a space
  htmlEntities: true, // the numeric ones too
  processEntities: { enabled: true, maxTotalExpansions: 1_000_000, maxExpandedLength: 100_000_000 },
  isArray: (_, path) => /^domain\.devices\.[^.]+$/.test(String(path)),
});

/**
 * The documents that `virsh dumpxml` printed one after another, each from `<domain` to `</domain>` at a line's start.
 */
export function splitDomainXmls(text: string): readonly string[] {
  const documents = text.split(/^(?=<domain[\s>])/m).filter((document) => document.startsWith("<domain"));
  return documents.map((document) => document.replace(/^(<\/domain>$)[\s\S]*/m, "$1"));
}

/** Reads one document. Throws UnreadableDomainXml. */
export function readDomainXml(text: string): DomainXml {
  const domain = parseDomain(text);
  const unreadable: string[] = [];
  const devices = devicesOf(domain.devices ?? {});
  const readEach = <T>(read: (name: string, content: unknown) => T | undefined): readonly T[] =>
    devices.flatMap(({ name, position, content }) => {
      try {
        return read(name, content) ?? [];
      } catch {
        unreadable.push(`<${name}> ${position}`);
        return [];
      }
    });
  const commandLine = readCommandLine(domain);
  return {
    name: domain.name,
    uuid: domain.uuid.trim().toLowerCase(),
    type: domain["@type"],
    machine: Os.safeParse(domain.os).data?.type["@machine"],
    hostdevs: [
      ...readEach(readPciHostdev),
      ...commandLine.addresses.map((address) => ({ ...ON_COMMAND_LINE, address })),
    ],
    controllers: readEach((name, content) => (name === "controller" ? readController(content) : undefined)),
    guestAddresses: readEach((_, content) => guestAddressOf(content)),
    disks: readEach((name, content) => (name === "disk" ? readDisk(content) : undefined)).flat(),
    interfaces: readEach((name, content) => (name === "interface" ? readInterface(content) : undefined)),
    unreadable: [...new Set([...unreadable, ...(commandLine.hasUnknownDevice ? ["<qemu:commandline>"] : [])])],
  };
}

const ON_COMMAND_LINE = {
  element: "command-line",
  managed: false,
  permissive: false,
  driver: undefined,
  guestAddress: undefined,
} as const;

function parseDomain(text: string) {
  try {
    // fast-xml-parser closes what is not closed.
    if (!/<\/domain>\s*$/.test(text)) throw new UnreadableDomainXml("it is cut off");
    return Domain.parse(PARSER.parse(text)).domain;
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw new UnreadableDomainXml(error instanceof Error ? error.message : "");
    throw new UnreadableDomainXml(`odd or missing: ${error.issues.map(({ path }) => path.join(" ")).join(", ")}`);
  }
}

interface DeviceElement {
  readonly name: string;
  /** Among those of its name, from 1. */
  readonly position: number;
  readonly content: unknown;
}

/** The children of `<devices>`; text between them is none. */
function devicesOf(devices: Readonly<Record<string, unknown>>): readonly DeviceElement[] {
  return Object.entries(devices).flatMap(([name, elements]) =>
    Array.isArray(elements) && !name.startsWith("#")
      ? elements.map((content: unknown, index) => ({ name, position: index + 1, content }))
      : [],
  );
}

function readController(content: unknown): PciController | undefined {
  const { data } = Controller.safeParse(content);
  return data && { index: readCNumber(data["@index"]) ?? 0, model: data["@model"] ?? "" };
}
