import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import type { AttachWish } from "../../wish";
import type { FileVm } from "./find-vm";

/** What a person should know of this VM and these devices before it is asked why the VM does not use them, with the evidence. */
export function guestCautions(
  facts: HostFacts,
  wish: AttachWish,
  vm: FileVm,
  devices: readonly PciDevice[],
): readonly string[] {
  const pv = vm.config?.parsed.type === "pv";
  const { withoutPcifront, readOnlyWrites } = facts.guestComplaints;
  const frontless = withoutPcifront.find((one) => one.vm === vm.name);
  const writes = wish.options.permissive
    ? []
    : devices.flatMap((device) => readOnlyWrites.filter((one) => one.address === device.address).slice(-1));
  const displays = devices.filter((device) => device.identity.class.startsWith("0300"));
  return [
    ...(frontless
      ? [
          `the kernel of the VM "${vm.name}" has no pcifront driver, so it sees no device ("XENBUS: Device with no driver: device/pci/0" in ${frontless.log}). Give it a kernel with CONFIG_XEN_PCIDEV_FRONTEND`,
        ]
      : []),
    ...writes.map(
      ({ address, line }) =>
        `the VM wrote where ${address} is read-only for it ("${line}"). If the device does not work, add permissive: true`,
    ),
    ...(pv && facts.xen?.iommu === false
      ? [
          `Xen reports no IOMMU, and the VM "${vm.name}" is a PV guest: with the device it can read and write all memory of the host`,
        ]
      : []),
    ...(pv
      ? displays.map(
          ({ address, identity }) =>
            `${address} (${identity.label}) is a VGA controller, and PV guests cannot use one as their display: that needs an HVM guest`,
        )
      : []),
  ];
}
