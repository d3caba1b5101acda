import type { DomainXml } from "../../../vm-text/domain-xml";
import type { GuestAddress } from "../../../vm-text/guest-address";

/**
 * A guest has 32 slots on a PCI bus. 4 are used by its own devices (host bridge, ISA bridge, display, balloon), so at
 * most 28 are free.
 */
const SLOTS = 32;
const OWN_SLOTS = [0, 1, 2, 3];
/** The most host devices that a guest can have (Red Hat Enterprise Linux, Virtualization Guide, "PCI passthrough"). */
const MOST_HOSTDEVS = 32;

/**
 * Why the guest's PCI buses have no room for `more` functions; undefined when they do. Xen guests have no such limit.
 */
export function whyNoRoom(xml: DomainXml, more: number): string | undefined {
  if (xml.type === "xen" || more === 0) return undefined;
  const devices = xml.hostdevs.length + more;
  if (devices > MOST_HOSTDEVS) {
    return `it would have ${devices} devices of the host, and a guest can have at most ${MOST_HOSTDEVS}. Detach others first`;
  }
  const free = freeSlots(xml);
  return free === undefined || more <= free
    ? undefined
    : `its PCI bus has ${free} of 28 slots free, and ${more} ${more > 1 ? "are" : "is"} needed. Detach other devices first`;
}

/**
 * Why `more` functions cannot be hot-plugged, although its next start may have room for them; undefined when they can.
 */
export function whyNoRoomForHotPlug(xml: DomainXml, more: number): string | undefined {
  if (!isExpress(xml)) return whyNoRoom(xml, more);
  const free = freePorts(xml);
  return more <= free
    ? undefined
    : `its PCI Express bus has ${free} free root ports for ${more} more function${more > 1 ? "s" : ""} ("No more available PCI slots"). Give the VM another <controller type='pci' model='pcie-root-port'/>`;
}

/**
 * The indices of the root ports that libvirt adds to the configuration of a PCI Express guest for `more` functions. A
 * guest without any port gets a spare one (libvirt src/qemu/qemu_domain_address.c, qemuDomainAssignPCIAddresses; seen
 * with 9.0).
 */
export function portsToAdd(xml: DomainXml, more: number): readonly number[] {
  const lacking = isExpress(xml) ? Math.max(0, more - freePorts(xml)) : 0;
  const highest = Math.max(...xml.controllers.map(({ index }) => index));
  const spare = lacking > 0 && highest === 0 ? 1 : 0;
  return Array.from({ length: lacking + spare }, (_, offset) => highest + 1 + offset);
}

/** Why a device cannot have this slot on the guest's first PCI bus; undefined when it can. */
export function whyNotSlot(xml: DomainXml, slot: number): string | undefined {
  if (xml.type === "xen") return "libvirt's Xen driver does not allow a choice of the slot (vslot). Remove vslot";
  if (isExpress(xml))
    return "its machine type has PCI Express, where the slots of the first bus (vslot) cannot take a device. Remove vslot";
  const holder = xml.guestAddresses.find((used) => used.bus === 0 && used.slot === slot);
  return holder || slot < 2
    ? `slot ${slot} of its PCI bus (vslot) is taken. Choose another, or remove vslot`
    : undefined;
}

/** Each function takes a slot of its own in the guest; undefined when the guest's buses grow as needed. */
function freeSlots(xml: DomainXml): number | undefined {
  if (isExpress(xml)) return undefined;
  const bridges = xml.controllers.filter(({ model }) => model === "pci-bridge");
  const onRoot = SLOTS - slotsOn(xml.guestAddresses, 0, OWN_SLOTS);
  return bridges.reduce((free, bridge) => free + SLOTS - slotsOn(xml.guestAddresses, bridge.index, [0]), onRoot);
}

function slotsOn(addresses: readonly GuestAddress[], bus: number, own: readonly number[]): number {
  return new Set([...own, ...addresses.filter((used) => used.bus === bus).map(({ slot }) => slot)]).size;
}

function freePorts(xml: DomainXml): number {
  const ports = xml.controllers.filter(({ model }) => /^pcie-(root|switch-downstream)-port$/.test(model));
  return ports.filter((port) => !xml.guestAddresses.some(({ bus }) => bus === port.index)).length;
}

function isExpress(xml: DomainXml): boolean {
  return xml.controllers.some(({ model }) => model === "pcie-root");
}
