import type { ModuleData } from "../kernel/modules";
import type { PciFunctionData } from "../kernel/pci-bus";
import { pciAddress } from "./pci-address";

/** Modules whose files are spelt with "_" as they are; the others have "-". */
const UNDERSCORED = ["virtio_pci", "virtio_blk", "lpc_ich"];

/** The PCI functions of the lab host: QEMU 7.2, machine q35 (test/lab). */
export const DEBIAN_XL_PCI: readonly PciFunctionData[] = [
  {
    address: pciAddress("00:00.0"),
    iommuGroup: 0,
    id: "8086:29c0",
    subsystem: "1af4:1100",
    class: "060000",
    label: "Host bridge: Intel Corporation 82G33/G31/P35/P31 Express DRAM Controller",
  },
  {
    address: pciAddress("00:01.0"),
    iommuGroup: 1,
    id: "1234:1111",
    subsystem: "1af4:1100",
    class: "030000",
    revision: "02",
    label: "VGA compatible controller: Device 1234:1111",
    bootDisplay: true,
  },
  {
    address: pciAddress("00:02.0"),
    iommuGroup: 2,
    id: "1af4:1001",
    subsystem: "1af4:0002",
    class: "010000",
    label: "SCSI storage controller: Red Hat, Inc. Virtio block device",
    children: {
      "virtio-pci": [
        { path: "virtio0" },
        { path: "virtio0/block/vda", class: "block", files: { dev: "254:0\n", size: "12582912\n" } },
        {
          path: "virtio0/block/vda/vda1",
          class: "block",
          files: { dev: "254:1\n", partition: "1\n", size: "12580864\n" },
        },
      ],
    },
  },
  networkCard("00:03.0", 3, "mgmt0", "52:54:00:12:34:56"),
  rootPort("00:05.0", 4),
  rootPort("00:06.0", 5),
  rootPort("00:07.0", 6),
  {
    address: pciAddress("00:1f.0"),
    iommuGroup: 7,
    id: "8086:2918",
    subsystem: "1af4:1100",
    class: "060100",
    revision: "02",
    label: "ISA bridge: Intel Corporation 82801IB (ICH9) LPC Interface Controller",
  },
  {
    address: pciAddress("00:1f.2"),
    iommuGroup: 7,
    id: "8086:2922",
    subsystem: "1af4:1100",
    class: "010601",
    revision: "02",
    label: "SATA controller: Intel Corporation 82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode]",
  },
  {
    address: pciAddress("00:1f.3"),
    iommuGroup: 7,
    id: "8086:2930",
    subsystem: "1af4:1100",
    class: "0c0500",
    revision: "02",
    label: "SMBus: Intel Corporation 82801I (ICH9 Family) SMBus Controller",
  },
  networkCard("01:00.0", 8, "enp1s0f0", "52:54:00:12:34:57", "00:05.0"),
  networkCard("01:00.1", 8, "enp1s0f1", "52:54:00:12:34:58", "00:05.0"),
  {
    address: pciAddress("02:00.0"),
    iommuGroup: 9,
    id: "1b36:000d",
    subsystem: "1af4:1100",
    class: "0c0330",
    revision: "01",
    label: "USB controller: Red Hat, Inc. QEMU XHCI Host Controller",
    bridge: pciAddress("00:06.0"),
    resettable: true,
    children: { xhci_hcd: [{ path: "usb1" }, { path: "usb2" }] },
  },
  {
    address: pciAddress("03:00.0"),
    iommuGroup: 10,
    id: "1b36:0010",
    subsystem: "1af4:1100",
    class: "010802",
    revision: "02",
    label: "Non-Volatile memory controller: Red Hat, Inc. QEMU NVM Express Controller",
    bridge: pciAddress("00:07.0"),
    resettable: true,
    sriov: { totalVfs: 4, vfId: "1b36:0010", vfs: ["03:00.1", "03:00.2", "03:00.3", "03:00.4"].map(pciAddress) },
    children: {
      nvme: [
        { path: "nvme/nvme0", class: "nvme" },
        // NVMe multipath: the disk is a virtual device, only its path is below the controller.
        { path: "nvme/nvme0/nvme0c0n1", class: "block", files: { size: "131072\n" } },
        {
          path: "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1",
          class: "block",
          files: { dev: "259:1\n", size: "131072\n" },
        },
      ],
    },
  },
];

/** The modules of Debian's kernel 6.1 that this machine could use. */
export const DEBIAN_XL_MODULES: readonly ModuleData[] = [
  { name: "pcieportdrv", file: "", builtin: true, driver: { name: "pcieport", classes: ["0604"] } },
  module("virtio_pci", "drivers/virtio", { name: "virtio-pci", ids: ["1af4:*"] }),
  module("virtio_blk", "drivers/block"),
  module("e1000e", "drivers/net/ethernet/intel/e1000e", { name: "e1000e", ids: ["8086:10d3"] }),
  // The virtual controllers of QEMU 7.2 are offline, and the driver lets go of them (seen in the lab).
  module(
    "nvme",
    "drivers/nvme/host",
    { name: "nvme", classes: ["010802"], sriov: true, refusesVirtualFunctions: true },
    ["nvme_core"],
  ),
  module("nvme_core", "drivers/nvme/host"),
  module("xhci_pci", "drivers/usb/host", { name: "xhci_hcd", classes: ["0c0330"] }),
  module("ahci", "drivers/ata", { name: "ahci", classes: ["010601"] }),
  module("i2c_i801", "drivers/i2c/busses", { name: "i801_smbus", ids: ["8086:2930"] }),
  module("lpc_ich", "drivers/mfd", { name: "lpc_ich", ids: ["8086:2918"] }),
  module("bochs", "drivers/gpu/drm/tiny", { name: "bochs-drm", ids: ["1234:1111"] }),
  module("xen_pciback", "drivers/xen/xen-pciback"),
  module("vfio_pci", "drivers/vfio/pci", { name: "vfio-pci" }),
  module("pci_stub", "drivers/pci", { name: "pci-stub" }),
];

function rootPort(address: string, iommuGroup: number): PciFunctionData {
  return {
    address: pciAddress(address),
    iommuGroup,
    id: "1b36:000c",
    subsystem: "1b36:0000",
    class: "060400",
    label: "PCI bridge: Red Hat, Inc. QEMU PCIe Root port",
  };
}

function networkCard(address: string, iommuGroup: number, name: string, mac: string, bridge?: string): PciFunctionData {
  return {
    address: pciAddress(address),
    iommuGroup,
    id: "8086:10d3",
    subsystem: "8086:0000",
    class: "020000",
    label: "Ethernet controller: Intel Corporation 82574L Gigabit Network Connection",
    resettable: true,
    ...(bridge === undefined ? {} : { bridge: pciAddress(bridge) }),
    children: { e1000e: [{ path: `net/${name}`, class: "net", files: { address: `${mac}\n`, operstate: "up\n" } }] },
  };
}

function module(
  name: string,
  folder: string,
  driver?: ModuleData["driver"],
  depends: readonly string[] = [],
): ModuleData {
  const file = UNDERSCORED.includes(name) ? name : name.replaceAll("_", "-");
  return { name, file: `kernel/${folder}/${file}.ko`, depends, ...(driver ? { driver } : {}) };
}
