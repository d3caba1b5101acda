export { AssignableDevice, type AssignableDeviceArgs } from "./assignable-device";
export type { DeviceArgs, ExpectedIdentity, FunctionStatus, Guard, Pending } from "./device";
export { HiddenPciDevice, type HiddenPciDeviceArgs } from "./hidden-pci-device";
export type { HostArgs } from "./host";
export { PciResource } from "./pci-resource";
export { VmPciAttachment, type VmPciAttachmentArgs } from "./vm-pci-attachment";
