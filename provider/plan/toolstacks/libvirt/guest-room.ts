import type { DomainXml, GuestAddress } from "../../../vm-text/domain-xml";

/** A guest has 32 slots on a PCI bus, 4 of which are its own (host bridge, ISA bridge, display, balloon): 28 are free at best. */
const SLOTS = 32;
const OWN_SLOTS = [0, 1, 2, 3];
/** A guest can have as many devices of the host (Red Hat Enterprise Linux, Virtualization Guide, "PCI passthrough"). */
const MOST_HOSTDEVS = 32;

/** Why the guest's PCI buses have no room for so many more functions; undefined when they do. Xen's guests have no such limit. */
export function noRoom(xml: DomainXml, more: number): string | undefined {
  if (xml.type === "xen" || more === 0) return undefined;
  const devices = xml.hostdevs.length + more;
  if (devices > MOST_HOSTDEVS) {
    return `it would have ${devices} devices of the host, and a guest can have ${MOST_HOSTDEVS}`;
  }
  const free = freeSlots(xml);
  return free === undefined || more <= free
    ? undefined
    : `its PCI bus has ${free} of 28 slots free, and ${more} ${more > 1 ? "are" : "is"} needed`;
}

/** Why a running guest cannot be given so many more functions, though its next start could. */
export function noRoomForHotPlug(xml: DomainXml, more: number): string | undefined {
  if (!isExpress(xml)) return noRoom(xml, more);
  const free = freePorts(xml);
  return more <= free
    ? undefined
    : `its PCI Express bus has ${free} free root ports for ${more} more function${more > 1 ? "s" : ""} ("No more available PCI slots"). Give the VM another <controller type='pci' model='pcie-root-port'/>`;
}

/**
 * The indices of the root ports that libvirt adds to the configuration of a PCI Express guest for so many more functions.
 * A guest without any port gets one to spare (libvirt src/qemu/qemu_domain_address.c, qemuDomainAssignPCIAddresses; seen with 9.0).
 */
export function portsToAdd(xml: DomainXml, more: number): readonly number[] {
  const lacking = isExpress(xml) ? Math.max(0, more - freePorts(xml)) : 0;
  const highest = Math.max(...xml.controllers.map((one) => one.index));
  const spare = lacking > 0 && highest === 0 ? 1 : 0;
  return Array.from({ length: lacking + spare }, (_, at) => highest + 1 + at);
}

/** Why a device cannot have that slot on the guest's first PCI bus. */
export function slotRefusal(xml: DomainXml, slot: number): string | undefined {
  if (xml.type === "xen") return "libvirt's Xen driver lets nobody choose the slot (vslot). Leave vslot out";
  if (isExpress(xml))
    return "its machine type has PCI Express, where the slots of the first bus take no card (vslot). Leave vslot out";
  const holder = xml.guestAddresses.find((one) => one.bus === 0 && one.slot === slot);
  return holder || slot < 2
    ? `slot ${slot} of its PCI bus (vslot) is taken. Choose another, or leave vslot out`
    : undefined;
}

/** A function of a slot takes a slot of its own in the guest; undefined where the guest's buses grow as needed. */
function freeSlots(xml: DomainXml): number | undefined {
  if (isExpress(xml)) return undefined;
  const bridges = xml.controllers.filter((one) => one.model === "pci-bridge");
  const onRoot = SLOTS - slotsOn(xml.guestAddresses, 0, OWN_SLOTS);
  return bridges.reduce((free, bridge) => free + SLOTS - slotsOn(xml.guestAddresses, bridge.index, [0]), onRoot);
}

function slotsOn(addresses: readonly GuestAddress[], bus: number, own: readonly number[]): number {
  return new Set([...own, ...addresses.filter((one) => one.bus === bus).map((one) => one.slot)]).size;
}

function freePorts(xml: DomainXml): number {
  const ports = xml.controllers.filter((one) => /^pcie-(root|switch-downstream)-port$/.test(one.model));
  return ports.filter((port) => !xml.guestAddresses.some((one) => one.bus === port.index)).length;
}

function isExpress(xml: DomainXml): boolean {
  return xml.controllers.some((one) => one.model === "pcie-root");
}
