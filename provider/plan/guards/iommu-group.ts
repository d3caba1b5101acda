import { type PciAddress, targets } from "../../pci/address";
import { describeGroup, membersLeftBehind } from "../iommu-group";
import type { GuardRule } from "./guard";
import { givenThroughVfio, takenByVfio } from "./vfio-change";

/** A VM would get only a part of an IOMMU group, which vfio refuses. Xen has no such rule. */
export const iommuGroup: GuardRule = {
  judge(change) {
    const { facts, program } = change;
    if (facts.xen) return [];
    const assigned = takenByVfio(change);
    const attached = givenThroughVfio(change);
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
    const byGroup = new Map(
      incomplete
        .reverse()
        .map((incompleteGroup) => [facts.pciDevices.get(incompleteGroup.address)?.iommuGroup, incompleteGroup]),
    );
    return [...byGroup.values()]
      .reverse()
      .map(
        ({ address, members }) =>
          `${describeGroup(facts, address, members)}. Assign the whole group: an AssignableDevice with group: true, or with a slot as its device`,
      );
  },
};
