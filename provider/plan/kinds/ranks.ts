import type { ResourceKind } from "../../claims/claim-key";

/** A kind builds on those with a lower number: a device is made assignable before a VM gets it. */
export const RANKS: Readonly<Record<ResourceKind, number>> = {
  IommuBootParameters: 0,
  SriovVirtualFunctions: 1,
  HiddenPciDevice: 2,
  AssignableDevice: 3,
  VmPciAttachment: 4,
  HostReboot: 5,
};
