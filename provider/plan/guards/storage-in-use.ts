import { nodeOf } from "../../facts/block-devices";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { StoragePurpose, StorageUse } from "../../facts/storage";
import { isStubDriver } from "../../facts/stub-drivers";
import { carries } from "./carries";

/** The uses of disks that a device carries. */
export function storageUsesOn(facts: HostFacts, device: PciDevice): readonly StorageUse[] {
  return facts.storage.uses.filter((use) => use.carriedBy.some((address) => carries(facts, device, address)));
}

/**
 * The uses whose device was not found, and which the device may carry: what is not known is not free. It needs a driver
 * of the host for that.
 */
export function storageUsesPerhapsOn(facts: HostFacts, device: PciDevice): readonly StorageUse[] {
  const { driver, identity } = device;
  if (driver === undefined || isStubDriver(facts, driver)) return [];
  return facts.storage.uses.filter(({ untraced }) => untraced !== undefined && CARRIERS[untraced].test(identity.class));
}

/**
 * Classes (PCI Code and ID Assignment Specification 1.11): mass storage, USB, FireWire, Fibre Channel and SD host
 * controllers; network controllers and InfiniBand.
 */
const CARRIERS = { disk: /^(01|0c0[034]|0805)/, network: /^(02|0c06)/ };

/**
 * Whether the host cannot run without what is stored there. /sysroot is the root of OSTree, /nix the system of NixOS.
 */
export function isNeededToBoot({ purpose }: StorageUse): boolean {
  if (purpose.kind === "swap") return true;
  return purpose.kind === "mount" && /^\/(boot(\/.*)?|efi|usr|etc|var|sysroot|nix(\/store)?)?$/.test(purpose.point);
}

/** What disks are used for, in few words: `/srv, /home and 3 more`. */
export function describePurposes(uses: readonly StorageUse[]): string {
  const all = [...new Set(uses.map(({ purpose }) => describePurpose(purpose)))];
  const shown = all.length > 4 ? [...all.slice(0, 3), `${all.length - 3} more`] : all;
  return shown.length === 1 ? `${shown[0]}` : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

function describePurpose(purpose: StoragePurpose): string {
  if (purpose.kind === "mount") return purpose.point;
  return purpose.kind === "swap" ? "swap" : purpose.description;
}

/** The uses by the disk of the device that they are on. */
export function byDisk(
  facts: HostFacts,
  device: PciDevice,
  uses: readonly StorageUse[],
): readonly (readonly [disk: string, uses: readonly StorageUse[]])[] {
  const disks = new Map<string, StorageUse[]>();
  for (const use of uses) {
    const disk = disksUnder(facts, device, use.blockDevices).at(-1) ?? "a disk";
    disks.set(disk, [...(disks.get(disk) ?? []), use]);
  }
  return [...disks];
}

/** The disks that are on the device and that the host makes no use of, by their names in /dev. */
export function disksWithoutUse(facts: HostFacts, device: PciDevice): readonly string[] {
  const used = storageUsesOn(facts, device).flatMap(({ blockDevices }) => blockDevices);
  const whole = [...facts.storage.blockDevices.values()].filter(({ lower }) => lower.length === 0);
  return disksUnder(
    facts,
    device,
    whole.map(({ name }) => name).filter((name) => !used.includes(name)),
  );
}

/** A disk that is on a device. */
interface DiskOnDevice {
  /** Its name in /dev. */
  readonly name: string;
  /** In bytes; undefined where the host does not say. */
  readonly size: number | undefined;
  readonly uses: readonly StorageUse[];
}

/** The disks that are on the device, those in use first. */
export function disksOn(facts: HostFacts, device: PciDevice): readonly DiskOnDevice[] {
  const uses = new Map(byDisk(facts, device, storageUsesOn(facts, device)));
  const blocks = [...facts.storage.blockDevices.values()];
  return [...new Set([...uses.keys(), ...disksWithoutUse(facts, device)])].map((name) => ({
    name,
    size: blocks.find((block) => nodeOf(block.name) === name)?.size,
    uses: uses.get(name) ?? [],
  }));
}

/** Those of the block devices that are on the device, uppermost first, by their names in /dev. */
export function disksUnder(facts: HostFacts, device: PciDevice, names: readonly string[]): readonly string[] {
  const carried = names.filter((name) => {
    const address = facts.storage.blockDevices.get(name)?.carriedBy;
    return address !== undefined && carries(facts, device, address);
  });
  return carried.map(nodeOf);
}
