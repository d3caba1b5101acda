export { AssignableDevice, type AssignableDeviceArgs } from "./assignable-device";
export type { DeviceArgs, ExpectedIdentity, FunctionStatus, Guard, Pending } from "./device";
export {
  type GetPciDevicesArgs,
  type GetPciDevicesOutputArgs,
  getPciDevices,
  getPciDevicesOutput,
  type PciDeviceFilter,
  type PciDeviceInfo,
} from "./get-pci-devices";
export { HiddenPciDevice, type HiddenPciDeviceArgs } from "./hidden-pci-device";
export type { HostArgs, HostSafety } from "./host";
export { HostReboot, type HostRebootArgs } from "./host-reboot";
export type { HostResource, ResourceClass } from "./host-resource";
export { IommuBootParameters, type IommuBootParametersArgs } from "./iommu-boot-parameters";
export { PciPassthrough, type PciPassthroughArgs } from "./pci-passthrough";
export type { PciResource } from "./pci-resource";
export { SriovVirtualFunctions, type SriovVirtualFunctionsArgs } from "./sriov-virtual-functions";
export { VmPciAttachment, type VmPciAttachmentArgs } from "./vm-pci-attachment";
