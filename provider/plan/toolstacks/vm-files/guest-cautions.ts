import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import type { AttachWish } from "../../wish";
import type { FileVm } from "./find-vm";

/** Warnings about reasons why this VM may not be able to use these devices, with the evidence. */
export function guestCautions(
  facts: HostFacts,
  wish: AttachWish,
  vm: FileVm,
  devices: readonly PciDevice[],
): readonly string[] {
  const type = vm.config?.parsed.type;
  const pv = type === "pv";
  const { withoutPcifront, readOnlyWrites } = facts.guestComplaints;
  const frontless = withoutPcifront.find((complaint) => complaint.vm === vm.name);
  const writes = wish.options.permissive
    ? []
    : devices.flatMap((device) => readOnlyWrites.filter(({ address }) => address === device.address).slice(-1));
  const displays = devices.filter((device) => device.identity.class.startsWith("0300"));
  return [
    ...(frontless
      ? [
          `the kernel of the VM "${vm.name}" has no pcifront driver, so it sees no PCI device ("XENBUS: Device with no driver: device/pci/0" in ${frontless.log}). Give it a kernel with CONFIG_XEN_PCIDEV_FRONTEND`,
        ]
      : []),
    // xen, SUPPORT.md, "x86/PCI Device Passthrough": PV and HVM (4.21).
    ...(type === "pvh"
      ? [`the VM "${vm.name}" is a PVH guest, which Xen gives no PCI device. Set its type to "hvm" or "pv"`]
      : []),
    // libxl_create.c from 4.4 on (c63868ff01); xend did the same (ec789523749).
    ...(!pv && vm.config?.parsed.populatesOnDemand
      ? [
          `the VM "${vm.name}" has more maxmem than memory (populate on demand), and does not start with a device then. Set maxmem to the same value as memory`,
        ]
      : []),
    ...writes.map(
      ({ address, line }) =>
        `the VM tried to write to configuration space of ${address} that is read-only for it ("${line}"). If the device does not work, add permissive: true`,
    ),
    ...(pv && facts.xen?.iommu === false
      ? [
          `Xen reports no IOMMU, and the VM "${vm.name}" is a PV guest: through the device it can read and write all memory of the host`,
        ]
      : []),
    ...(pv
      ? displays.map(
          ({ address, identity }) =>
            `${address} (${identity.label}) is a VGA controller, which PV guests cannot use as their display: that needs an HVM guest`,
        )
      : []),
  ];
}
