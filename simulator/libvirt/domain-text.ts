import type { PciAddress } from "../../provider/pci/address";
import { formatSourceAddress } from "../../provider/vm-text/domain-hostdev";
import { type DomainXml, readDomainXml } from "../../provider/vm-text/domain-xml";
import type { GuestAddress } from "../../provider/vm-text/guest-address";

/** A `<hostdev>` as somebody hands it to virsh. */
export interface GivenHostdev {
  readonly address: PciAddress;
  readonly managed: boolean;
  readonly guestAddress: GuestAddress | undefined;
}

/** Reads the XML of one device; undefined when it is no PCI hostdev. */
export function readHostdev(text: string): GivenHostdev | undefined {
  const shell = `<domain type='kvm'><name>x</name><uuid>x</uuid><devices>${text}</devices></domain>`;
  return readDomainXml(shell).hostdevs[0];
}

/** Puts a hostdev where libvirt puts it: behind the other devices, before the balloon. */
export function withHostdev(text: string, hostdev: GivenHostdev, live: string | undefined): string {
  const { guestAddress } = hostdev;
  const hex = (number: number, width: number) => `0x${number.toString(16).padStart(width, "0")}`;
  const lines = [
    `    <hostdev mode='subsystem' type='pci' managed='${hostdev.managed ? "yes" : "no"}'>`,
    ...(live === undefined ? [] : ["      <driver name='vfio'/>"]),
    "      <source>",
    `        ${formatSourceAddress(hostdev.address)}`,
    "      </source>",
    ...(live === undefined ? [] : [`      <alias name='${live}'/>`]),
    ...(guestAddress
      ? [
          `      <address type='pci' domain='0x0000' bus='${hex(guestAddress.bus, 2)}' slot='${hex(guestAddress.slot, 2)}' function='${hex(guestAddress.function, 1)}'/>`,
        ]
      : []),
    "    </hostdev>",
  ];
  return text.replace(/^ {4}<memballoon|^ {2}<\/devices>/m, (end) => `${lines.join("\n")}\n${end}`);
}

/** The domain XML without the `<hostdev>` of that function. */
export function withoutHostdev(text: string, address: PciAddress): string {
  return text.replace(/^ {4}<hostdev [\s\S]*?^ {4}<\/hostdev>\n/gm, (block) =>
    block.includes(formatSourceAddress(address)) ? "" : block,
  );
}

/** Where libvirt puts a new device (qemuDomainAssignPCIAddresses, 9.0); undefined when there is no place. */
export function freeGuestAddress(xml: DomainXml): GuestAddress | undefined {
  const taken = (bus: number, slot: number) =>
    xml.guestAddresses.some((address) => address.bus === bus && address.slot === slot);
  if (xml.controllers.some((controller) => controller.model === "pcie-root")) {
    const port = xml.controllers.find(
      (controller) => controller.model === "pcie-root-port" && !taken(controller.index, 0),
    );
    return port && { bus: port.index, slot: 0, function: 0 };
  }
  // Slot 2 is that of a display, and without one the first that is free (seen with libvirt 9.0).
  const slot = Array.from({ length: 30 }, (_, index) => index + 2).find((candidate) => !taken(0, candidate));
  return slot === undefined ? undefined : { bus: 0, slot, function: 0 };
}

/** The index of a PCI controller, where the XML of a device is one. */
export function readController(text: string): number | undefined {
  const index = /^\s*<controller type='pci' index='(\d+)'/.exec(text)?.[1];
  return index === undefined ? undefined : Number(index);
}

/**
 * Without its PCI controller of this index, which libvirt makes again where higher ones stay (seen with libvirt 9.0).
 */
export function withoutController(text: string, index: number): string {
  const smaller = text.replace(/^ {4}<controller type='pci' .*[^/]>\n[\s\S]*?^ {4}<\/controller>\n/gm, (block) =>
    block.includes(`index='${index}'`) ? "" : block,
  );
  return highestIndex(smaller) > index ? withRootPort(smaller, index) : smaller;
}

/**
 * libvirt's own growth of a PCI Express guest: one more root port, and the first one brings a spare one (seen with
 * libvirt 9.0).
 */
export function withRootPorts(text: string): string {
  const highest = highestIndex(text);
  const grown = withRootPort(text, highest + 1);
  return highest === 0 ? withRootPort(grown, highest + 2) : grown;
}

function highestIndex(text: string): number {
  return Math.max(...readDomainXml(text).controllers.map((controller) => controller.index));
}

function withRootPort(text: string, index: number): string {
  const taken = readDomainXml(text).guestAddresses.flatMap((address) =>
    address.bus === 0 && address.slot === 1 ? [address.function] : [],
  );
  const free = Math.max(-1, ...taken) + 1;
  const port = [
    `    <controller type='pci' index='${index}' model='pcie-root-port'>`,
    "      <model name='pcie-root-port'/>",
    `      <target chassis='${index}' port='0x${(8 + free).toString(16)}'/>`,
    `      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x${free}'${free === 0 ? " multifunction='on'" : ""}/>`,
    "    </controller>",
  ];
  const lastPort = text.lastIndexOf("model='pcie-root-port'>");
  const [root, afterPort] = ["model='pcie-root'/>\n", "    </controller>\n"];
  const end = lastPort < 0 ? text.indexOf(root) + root.length : text.indexOf(afterPort, lastPort) + afterPort.length;
  return `${text.slice(0, end)}${port.join("\n")}\n${text.slice(end)}`;
}
