import type { HostFacts } from "../facts/host-facts";
import type { NetworkInterface } from "../facts/network";
import { type PciDevice, siblingsOf } from "../facts/pci-devices";
import { type PciAddress, targets } from "../pci/address";
import { type Effect, loss } from "./effect";
import { carries } from "./guards/carries";
import { describePurposes, disksOn } from "./guards/storage-in-use";
import { disksOfVms } from "./guards/vm-disks";
import type { DeviceWish } from "./wish";

/**
 * What the host can no longer use when a VM gets this function: its driver, network interfaces, disks, keyboards
 * and other USB devices; and the other VMs that lose a disk.
 */
export function lossOf(facts: HostFacts, device: PciDevice): readonly Effect[] {
  const label = `(${device.identity.label})`;
  const isLost = ({ carriedBy }: { readonly carriedBy: PciAddress | undefined }) =>
    carriedBy !== undefined && carries(facts, device, carriedBy);
  const virtual = [...facts.pciDevices.values()].filter((other) => other.physicalFunction === device.address);
  const lost = [
    device.driver === undefined
      ? `${device.address} has no driver now ${label}`
      : `${device.address} is taken from the host driver ${device.driver} ${label}`,
    ...facts.network.interfaces
      .filter(isLost)
      .map((nic) => `the network interface ${nic.name}${describeNic(facts, nic)} disappears from the host`),
    ...describeDisks(facts, device).map((disk) => `the disk ${disk} disappears from the host`),
    ...facts.console.keyboards.filter(isLost).map(({ name }) => `the keyboard "${name}" disappears from the host`),
    ...facts.usbDevices
      .filter(isLost)
      .map(({ id, drivers }) => `the USB device ${id}${inParentheses(drivers)} disappears from the host`),
    ...disksOfVms(facts)
      .filter(({ carriedBy }) => carriedBy.some((address) => carries(facts, device, address)))
      .map(({ vm, path }) => `the VM "${vm}" loses its disk ${path}`),
    ...(virtual.length > 0 ? [`its ${virtual.length} virtual functions disappear`] : []),
  ];
  return lost.map(loss);
}

/** Its addresses, and what sends through it: ` (10.0.0.5, under the bridge xenbr0)`; empty without any. */
function describeNic({ network }: HostFacts, { name, addresses }: NetworkInterface): string {
  const uppers = network.interfaces.filter(({ lower }) => lower.includes(name)).map((upper) => `under ${upper.name}`);
  // Every interface that is up has a link-local address.
  return inParentheses([...addresses.filter((address) => !address.startsWith("fe80:")), ...uppers]);
}

/** The disks on a device, with their size and what they are used for: `sda (1.8 TiB, /srv and swap)`. */
function describeDisks(facts: HostFacts, device: PciDevice): readonly string[] {
  return disksOn(facts, device).map(({ name, size, uses }) => {
    const about = [...(size ? [formatSize(size)] : []), ...(uses.length > 0 ? [describePurposes(uses)] : [])];
    return `${name}${inParentheses(about)}`;
  });
}

function formatSize(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** unit).toFixed(1))} ${units[unit]}`;
}

function inParentheses(parts: readonly string[]): string {
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Warnings about a function that a VM gets, although nothing forbids it. */
export function cautionsOf(facts: HostFacts, wish: DeviceWish, device: PciDevice): readonly string[] {
  const shared = siblingsOf(facts.pciDevices, device.address).filter(
    (sibling) => !targets(wish.target, sibling.address),
  );
  return [
    ...(device.resettable
      ? []
      : [
          `${device.address} has no reset method that the kernel knows: a VM may get it in the state in which its last user left it`,
        ]),
    ...(shared.length > 0
      ? [
          `${device.address} shares its slot with ${shared.map((sibling) => `${sibling.address} (driver ${sibling.driver ?? "none"})`).join(", ")}`,
        ]
      : []),
  ];
}
