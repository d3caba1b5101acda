import { assignableDevice } from "./resources/assignable-device";
import { engineLog } from "./resources/engine-log";
import { hiddenPciDevice } from "./resources/hidden-pci-device";
import { hostReboot } from "./resources/host-reboot";
import { createHosts } from "./resources/hosts";
import { iommuBootParameters } from "./resources/iommu-boot-parameters";
import { defineResource } from "./resources/lifecycle";
import { sriovVirtualFunctions } from "./resources/sriov-virtual-functions";
import { vmPciAttachment } from "./resources/vm-pci-attachment";

// States written years ago load these by name (sdk/host-resource.ts): the names never change.
const surroundings = { hostFor: createHosts(), log: engineLog, env: process.env, waitingHosts: new Map() };

export const HiddenPciDevice = defineResource(hiddenPciDevice, surroundings);
export const AssignableDevice = defineResource(assignableDevice, surroundings);
export const VmPciAttachment = defineResource(vmPciAttachment, surroundings);
export const SriovVirtualFunctions = defineResource(sriovVirtualFunctions, surroundings);
export const IommuBootParameters = defineResource(iommuBootParameters, surroundings);
export const HostReboot = defineResource(hostReboot, surroundings);
