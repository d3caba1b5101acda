import { xenIsAtLeast } from "../../facts/xen";
import type { GuardRule, JudgedChange } from "./guard";
import { givenThroughVfio, takenByVfio } from "./vfio-change";

/** The host runs without an IOMMU. XAPI has conditions of its own, which its planner judges. */
export const noIommu: GuardRule = {
  judge: (change) => (change.facts.xen ? judgeXen(change) : judgeVfio(change)),
};

// Without an IOMMU the quarantine fails, after the driver was switched (xen/drivers/passthrough/iommu.c, 4.17).
function judgeXen({ facts: { xen }, taken }: JudgedChange): readonly string[] {
  const assigned = taken.some(({ when, to }) => when === "now" && to !== undefined);
  if (!assigned || xen?.iommu !== false || !xenIsAtLeast(xen, 4, 13)) return [];
  return [
    `Xen ${xen.major}.${xen.minor} reports no IOMMU, which this version needs to make devices assignable. Turn on VT-d or AMD-Vi in the firmware`,
  ];
}

function judgeVfio(change: JudgedChange): readonly string[] {
  const device = [...takenByVfio(change), ...givenThroughVfio(change).map(({ address }) => address)]
    .map((address) => change.facts.pciDevices.get(address))
    .find((function_) => function_ && function_.iommuGroup === undefined);
  return device
    ? [
        `${device.address} (${device.identity.label}) is in no IOMMU group: the host runs without an IOMMU, which vfio-pci needs to give devices to VMs. Turn on VT-d or AMD-Vi in the firmware, and boot an Intel host with intel_iommu=on`,
      ]
    : [];
}
