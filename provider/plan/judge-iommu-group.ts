import type { HostFacts } from "../facts/host-facts";
import { type PciAddress, targets } from "../pci/address";
import type { Given, Taken } from "../steps/step-type";
import type { Judgement } from "./guard";
import { describeGroup, membersLeftBehind } from "./iommu-group";
import { stubDriverOf } from "./stub-driver";
import type { PlanContext } from "./wish";

/**
 * Judges steps by IOMMU groups: vfio gives a VM only whole groups, and nothing without an IOMMU. The older pci-stub has
 * no groups.
 */
export function judgeIommuGroups(
  facts: HostFacts,
  { taken, given }: { readonly taken: readonly Taken[]; readonly given: readonly Given[] },
  program: PlanContext["program"],
): readonly Judgement[] {
  const assigned = taken.flatMap(({ address, to }) => (to === "vfio-pci" ? [address] : []));
  const byVfio = stubDriverOf(facts, { driver: undefined }) === "vfio-pci";
  const attached = given.flatMap(({ address, vm }) =>
    byVfio && vm.uuid !== undefined ? [{ address, vm: vm.uuid }] : [],
  );
  const without = [...assigned, ...attached.map(({ address }) => address)].find(
    (address) => facts.pciDevices.get(address)?.iommuGroup === undefined,
  );
  if (without !== undefined) {
    const device = facts.pciDevices.get(without);
    return [
      {
        guard: "no-iommu",
        evidence: `${without} (${device?.identity.label}) is in no IOMMU group: the host runs without an IOMMU, which vfio-pci needs to give devices to VMs. Switch on VT-d or AMD-Vi in the firmware, and boot an Intel host with intel_iommu=on`,
      },
    ];
  }
  const configured = (vm: string) =>
    facts.libvirt?.kind === "answers"
      ? (facts.libvirt.domains.find(({ uuid }) => uuid === vm)?.config.hostdevs ?? [])
      : [];
  const declared = (address: PciAddress) =>
    program.some((other) => other.kind === "AssignableDevice" && targets(other.target, address));
  const left = (address: PciAddress, vm: string | undefined) =>
    membersLeftBehind(
      facts,
      address,
      (member) =>
        assigned.includes(member) ||
        (vm !== undefined &&
          (declared(member) ||
            attached.some((attachment) => attachment.address === member) ||
            configured(vm).some((hostdev) => hostdev.address === member && hostdev.managed))),
    );
  const incomplete = [
    ...assigned.map((address) => ({ address, members: left(address, undefined) })),
    ...attached.map(({ address, vm }) => ({ address, members: left(address, vm) })),
  ].filter(({ members }) => members.length > 0);
  const reported = new Set<string>();
  return incomplete.flatMap(({ address, members }): Judgement[] => {
    const group = facts.pciDevices.get(address)?.iommuGroup ?? "";
    if (reported.has(group)) return [];
    reported.add(group);
    const remedy = "Assign the whole group: an AssignableDevice with group: true, or with a slot as its device";
    return [{ guard: "iommu-group", evidence: `${describeGroup(facts, address, members)}. ${remedy}` }];
  });
}
