import type { ModuleData } from "../kernel/modules";
import type { PciFunctionData } from "../kernel/pci-bus";
import { pciAddress } from "./pci-address";

/**
 * The host of the article "PCI pass-through on XenServer 7.0", as its lspci prints it. That host has one network card,
 * which the article gives away; the onboard one of that chipset is added here (00:19.0), and carries the management
 * network.
 */
export const XENSERVER_7_PCI: readonly PciFunctionData[] = [
  plain("00:00.0", "8086:29e0", "060000", "Host bridge: Intel Corporation 82X38/X48 Express DRAM Controller"),
  plain(
    "00:01.0",
    "8086:29e1",
    "060400",
    "PCI bridge: Intel Corporation 82X38/X48 Express Host-Primary PCI Express Bridge",
  ),
  plain(
    "00:06.0",
    "8086:29e9",
    "060400",
    "PCI bridge: Intel Corporation 82X38/X48 Express Host-Secondary PCI Express Bridge",
  ),
  network("00:19.0", "8086:10bd", "e1000e", "eth0", "00:1e:c9:11:22:33", {
    label: "Ethernet controller: Intel Corporation 82566DM-2 Gigabit Network Connection",
    children: {
      e1000e: [
        { path: "net/eth0", class: "net", files: { address: "00:1e:c9:11:22:33\n", operstate: "up\n" } },
        // Open vSwitch: the bridge has no lower links, all ports hang from its one datapath.
        { path: "/sys/devices/virtual/net/xenbr0", class: "net", files: { operstate: "unknown\n" } },
        { path: "/sys/devices/virtual/net/ovs-system", class: "net", files: { lower_eth0: "" } },
      ],
    },
  }),
  usb("00:1a.0", "8086:2937", "0c0300", "UHCI Controller #4"),
  usb("00:1a.1", "8086:2938", "0c0300", "UHCI Controller #5"),
  usb("00:1a.2", "8086:2939", "0c0300", "UHCI Controller #6"),
  usb("00:1a.7", "8086:293c", "0c0320", "EHCI Controller #2"),
  plain("00:1b.0", "8086:293e", "040300", "Audio device: Intel Corporation 82801I (ICH9 Family) HD Audio Controller"),
  plain("00:1c.0", "8086:2940", "060400", "PCI bridge: Intel Corporation 82801I (ICH9 Family) PCI Express Port 1"),
  plain("00:1c.5", "8086:294a", "060400", "PCI bridge: Intel Corporation 82801I (ICH9 Family) PCI Express Port 6"),
  usb("00:1d.0", "8086:2934", "0c0300", "UHCI Controller #1"),
  usb("00:1d.1", "8086:2935", "0c0300", "UHCI Controller #2"),
  usb("00:1d.2", "8086:2936", "0c0300", "UHCI Controller #3"),
  usb("00:1d.7", "8086:293a", "0c0320", "EHCI Controller #1"),
  { ...plain("00:1e.0", "8086:244e", "060401", "PCI bridge: Intel Corporation 82801 PCI Bridge"), revision: "92" },
  plain("00:1f.0", "8086:2916", "060100", "ISA bridge: Intel Corporation 82801IR (ICH9R) LPC Interface Controller"),
  {
    ...plain(
      "00:1f.2",
      "8086:2922",
      "010601",
      "SATA controller: Intel Corporation 82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode]",
    ),
    children: {
      ahci: [
        { path: "ata1/host0/target0:0:0/0:0:0:0/block/sda", class: "block", files: { dev: "8:0\n" } },
        {
          path: "ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1",
          class: "block",
          files: { dev: "8:1\n", partition: "1\n" },
        },
      ],
    },
  },
  plain("00:1f.3", "8086:2930", "0c0500", "SMBus: Intel Corporation 82801I (ICH9 Family) SMBus Controller"),
  {
    ...plain("01:00.0", "10de:042f", "030000", "VGA compatible controller: NVIDIA Corporation G86 [Quadro NVS 290]"),
    revision: "a1",
    bridge: pciAddress("00:01.0"),
  },
  network("04:00.0", "14e4:167a", "tg3", "eth1", "00:1e:c9:44:55:66", {
    label: "Ethernet controller: Broadcom Corporation NetXtreme BCM5754 Gigabit Ethernet PCI Express",
    bridge: pciAddress("00:1c.5"),
  }),
];

/**
 * The kernel 4.4.0+10 of XenServer 7.0. pciback comes first: as a part of the kernel it is there before all other
 * drivers.
 */
export const XENSERVER_7_MODULES: readonly ModuleData[] = [
  { name: "xen_pciback", file: "kernel/drivers/xen/xen-pciback/xen-pciback.ko", builtin: true },
  { name: "pcieportdrv", file: "", builtin: true, driver: { name: "pcieport", classes: ["0604"] } },
  module("ahci", "drivers/ata", { name: "ahci", classes: ["010601"] }),
  module("e1000e", "drivers/net/ethernet/intel/e1000e", { name: "e1000e", ids: ["8086:10bd"] }),
  module("tg3", "drivers/net/ethernet/broadcom", { name: "tg3", ids: ["14e4:167a"] }),
  module("uhci_hcd", "drivers/usb/host", { name: "uhci_hcd", classes: ["0c0300"] }),
  module("ehci_pci", "drivers/usb/host", { name: "ehci-pci", classes: ["0c0320"] }),
  module("snd_hda_intel", "sound/pci/hda", { name: "snd_hda_intel", classes: ["0403"] }),
  module("lpc_ich", "drivers/mfd", { name: "lpc_ich", ids: ["8086:2916"] }),
  module("i2c_i801", "drivers/i2c/busses", { name: "i801_smbus", ids: ["8086:2930"] }),
];

/** A function without a driver that matters here. */
export function plain(address: string, id: string, code: string, label: string): PciFunctionData {
  return { address: pciAddress(address), id, subsystem: "1028:0211", class: code, revision: "02", label };
}

/** A NIC with its interface. */
export function network(
  address: string,
  id: string,
  driver: string,
  name: string,
  mac: string,
  more: Partial<PciFunctionData> & { readonly label: string },
): PciFunctionData {
  return {
    ...plain(address, id, "020000", more.label),
    resettable: true,
    children: {
      [driver]: [{ path: `net/${name}`, class: "net", files: { address: `${mac}\n`, operstate: "up\n" } }],
    },
    ...more,
  };
}

/** A module of its kernel, by its name and folder. */
export function module(name: string, folder: string, driver?: ModuleData["driver"]): ModuleData {
  return { name, file: `kernel/${folder}/${name}.ko`, ...(driver ? { driver } : {}) };
}

function usb(address: string, id: string, code: string, what: string): PciFunctionData {
  const label = `USB controller: Intel Corporation 82801I (ICH9 Family) USB ${what}`;
  return { ...plain(address, id, code, label), resettable: true };
}
