import type { HostFacts } from "../../facts/host-facts";
import type { PciAddress } from "../../pci/address";
import { printable } from "../../printable";
import type { HostInput } from "../inputs/host-input";
import { planPresent } from "../kinds/kinds";
import type { Refusal } from "../plan";
import { NOBODY } from "../wish";
import type { PciDeviceInfo } from "./device-info";
import { usesOf } from "./device-uses";
import { devicesByAddress, pciDeviceInfo } from "./pci-device-info";

/** A function of a host, what the host has on it, and whether a VM can get it. */
export interface DeviceReport extends PciDeviceInfo {
  /** The number of its IOMMU group; undefined when it is in none, or Xen hides the groups. */
  readonly iommuGroup?: string;
  /** What the host has on it, in few words each: `eth0 (192.0.2.11)`, `sda: / and swap`. */
  readonly uses: readonly string[];
  /** Why a preview would refuse an AssignableDevice for its whole IOMMU group; empty when it would not. */
  readonly refusals: readonly Refusal[];
}

/** Every function of a host, lowest address first; bridges too. */
export function deviceReports(facts: HostFacts, { toolstack }: Pick<HostInput, "toolstack">): readonly DeviceReport[] {
  return devicesByAddress(facts).map((device) => ({
    ...pciDeviceInfo(facts, device),
    ...(device.iommuGroup === undefined ? {} : { iommuGroup: device.iommuGroup }),
    uses: usesOf(facts, device).map(printable),
    refusals: refusalsOf(facts, device.address, toolstack),
  }));
}

function refusalsOf(facts: HostFacts, address: PciAddress, toolstack: HostInput["toolstack"]): readonly Refusal[] {
  const { refusals } = planPresent(
    facts,
    {
      kind: "AssignableDevice",
      toolstack,
      target: { kind: "function", address },
      expect: [],
      allow: [],
      driver: undefined,
      group: true,
    },
    { owner: NOBODY, program: [] },
  );
  return refusals.map(({ guard, message }) => ({ guard, message: printable(message) }));
}
