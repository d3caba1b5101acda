import type { ModuleData } from "../kernel/modules";
import type { PciFunctionData } from "../kernel/pci-bus";
import { pciAddress } from "./pci-address";
import { xenServer } from "./xenserver";
import { module, network, plain } from "./xenserver-7-hardware";

const HOST = "b9c1f0de-1f5e-4a34-9a7c-3d2e1f0a9b8c";
const OTHER_HOST = "e4d3c2b1-a0f9-4e8d-87c6-b5a4938271f0";

/**
 * A server of the kind that field reports are about: a graphics card with its audio function, a spare NIC, an NVMe
 * disk, USB.
 */
const PCI: readonly PciFunctionData[] = [
  plain("00:00.0", "8086:1918", "060000", "Host bridge: Intel Corporation Xeon E3-1200 v5 Host Bridge"),
  plain("00:01.0", "8086:1901", "060400", "PCI bridge: Intel Corporation Xeon E3-1200 v5 PCIe Controller (x16)"),
  {
    ...plain("00:14.0", "8086:a12f", "0c0330", "USB controller: Intel Corporation 100 Series USB 3.0 xHCI Controller"),
    resettable: true,
    children: { xhci_hcd: [{ path: "usb1" }, { path: "usb2" }] },
  },
  {
    ...plain(
      "00:17.0",
      "8086:a102",
      "010601",
      "SATA controller: Intel Corporation 100 Series SATA Controller [AHCI mode]",
    ),
    children: {
      ahci: [
        { path: "ata1/host0/target0:0:0/0:0:0:0/block/sda", class: "block", files: { dev: "8:0\n" } },
        ...[1, 4].map(
          (part) =>
            ({
              path: `ata1/host0/target0:0:0/0:0:0:0/block/sda/sda${part}`,
              class: "block",
              files: { dev: `8:${part}\n`, partition: `${part}\n` },
            }) as const,
        ),
      ],
    },
  },
  plain("00:1c.0", "8086:a110", "060400", "PCI bridge: Intel Corporation 100 Series PCI Express Root Port #1"),
  plain("00:1d.0", "8086:a118", "060400", "PCI bridge: Intel Corporation 100 Series PCI Express Root Port #9"),
  {
    ...plain(
      "01:00.0",
      "10de:1c03",
      "030000",
      "VGA compatible controller: NVIDIA Corporation GP106 [GeForce GTX 1060 6GB]",
    ),
    bridge: pciAddress("00:01.0"),
  },
  {
    ...plain(
      "01:00.1",
      "10de:10f1",
      "040300",
      "Audio device: NVIDIA Corporation GP106 High Definition Audio Controller",
    ),
    bridge: pciAddress("00:01.0"),
    resettable: true,
  },
  network("02:00.0", "8086:1533", "igb", "eth0", "ac:1f:6b:00:00:01", {
    label: "Ethernet controller: Intel Corporation I210 Gigabit Network Connection",
    bridge: pciAddress("00:1c.0"),
    children: {
      igb: [
        { path: "net/eth0", class: "net", files: { address: "ac:1f:6b:00:00:01\n", operstate: "up\n" } },
        { path: "/sys/devices/virtual/net/xenbr0", class: "net", files: { operstate: "unknown\n" } },
        { path: "/sys/devices/virtual/net/ovs-system", class: "net", files: { lower_eth0: "" } },
      ],
    },
  }),
  network("03:00.0", "8086:1533", "igb", "eth1", "ac:1f:6b:00:00:02", {
    label: "Ethernet controller: Intel Corporation I210 Gigabit Network Connection",
    bridge: pciAddress("00:1c.0"),
  }),
  {
    ...plain(
      "04:00.0",
      "144d:a808",
      "010802",
      "Non-Volatile memory controller: Samsung Electronics Co Ltd NVMe SSD Controller SM981/PM981",
    ),
    bridge: pciAddress("00:1d.0"),
    resettable: true,
    children: { nvme: [{ path: "nvme/nvme0", class: "nvme" }] },
  },
];

const MODULES: readonly ModuleData[] = [
  { name: "xen_pciback", file: "kernel/drivers/xen/xen-pciback/xen-pciback.ko", builtin: true },
  { name: "pcieportdrv", file: "", builtin: true, driver: { name: "pcieport", classes: ["0604"] } },
  module("ahci", "drivers/ata", { name: "ahci", classes: ["010601"] }),
  module("igb", "drivers/net/ethernet/intel/igb", { name: "igb", ids: ["8086:1533"] }),
  module("nvme", "drivers/nvme/host", { name: "nvme", classes: ["010802"] }),
  module("xhci_pci", "drivers/usb/host", { name: "xhci_hcd", classes: ["0c0330"] }),
  module("snd_hda_intel", "sound/pci/hda", { name: "snd_hda_intel", classes: ["0403"] }),
];

/** XCP-ng 8.3 on a host with UEFI, the coordinator of a pool of two with high availability. */
export const xcpNg83 = xenServer({
  name: "xcpng-8.3",
  kernel: { release: "4.19.0+1", version: "#1 SMP Tue Mar 3 12:00:00 CET 2026", pci: PCI, modules: MODULES },
  xen: {
    major: 4,
    minor: 17,
    extra: ".5-15",
    commandLine:
      "dom0_mem=7584M,max:7584M watchdog ucode=scan dom0_max_vcpus=1-16 crashkernel=256M,below=4G console=vga",
    iommu: true,
    hvm: true,
    memory: 65470,
    dom0Memory: 7584,
    cpus: 8,
  },
  xapi: {
    generation: "8.3",
    brand: "XCP-ng",
    version: "8.3.0",
    hostUuid: HOST,
    hosts: [
      { uuid: HOST, name: "xcp1" },
      { uuid: OTHER_HOST, name: "xcp2" },
    ],
    haEnabled: true,
    machines: [
      {
        uuid: "1f2e3d4c-5b6a-4798-8a9b-acbdcedff0e1",
        name: "Control domain on host: xcp1",
        kind: "control-domain",
        otherConfig: { is_system_domain: "true" },
      },
      {
        uuid: "5f6a7b8c-9d0e-4f1a-b2c3-d4e5f6a7b8c9",
        name: "gpu1",
        kind: "vm",
        affinity: HOST,
        otherConfig: { base_template_name: "Ubuntu Jammy Jellyfish 22.04" },
      },
      {
        uuid: "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        name: "router",
        kind: "vm",
        haRestartPriority: "restart",
        otherConfig: { auto_poweron: "true" },
      },
      {
        uuid: "8e7d6c5b-4a39-4281-9170-6f5e4d3c2b1a",
        name: "db2",
        kind: "vm",
        runsOn: OTHER_HOST,
        otherConfig: { pci: "0/0000:01:00.0" },
      },
      { uuid: "3c2b1a09-f8e7-4d6c-a5b4-938271605f4e", name: "Debian Bookworm 12", kind: "template" },
    ],
  },
  network: {
    sshAddress: "10.0.0.31",
    sshPort: 22,
    clientAddress: "10.0.0.2",
    interfaces: [
      { name: "lo", addresses: ["127.0.0.1/8"] },
      { name: "eth0", addresses: [] },
      { name: "eth1", addresses: [] },
      { name: "xenbr0", addresses: ["10.0.0.31/24"] },
    ],
    openVswitch: { bridges: ["xenbr0"], ports: ["eth0"] },
  },
  sysfs: {},
  mounts: [
    { source: "/dev/sda1", point: "/", type: "ext3", options: "rw,relatime", superOptions: "rw", device: "8:1" },
    {
      source: "/dev/sda4",
      point: "/boot/efi",
      type: "vfat",
      options: "rw,relatime",
      superOptions: "rw",
      device: "8:4",
    },
  ],
  bootFile: "/boot/efi/EFI/xenserver/grub.cfg",
  // Tests/data/grub.cfg of python-libs 3.0.10, without its serial line.
  bootMenu: `set default=0
set timeout=5
if [ -s $prefix/grubenv ]; then
	load_env
fi

if [ -n "$override_entry" ]; then
	set default=$override_entry
fi

menuentry 'XCP-ng' {
	search --label --set root root-vgdorj
	multiboot2 /boot/xen.gz dom0_mem=7584M,max:7584M watchdog ucode=scan dom0_max_vcpus=1-16 crashkernel=256M,below=4G console=vga vga=mode-0x0311
	module2 /boot/vmlinuz-4.19-xen root=LABEL=root-vgdorj ro nolvm hpet=disable console=hvc0 console=tty0 quiet vga=785 splash plymouth.ignore-serial-consoles
	module2 /boot/initrd-4.19-xen.img
}
menuentry 'XCP-ng (Serial)' {
	search --label --set root root-vgdorj
	multiboot2 /boot/xen.gz com1=115200,8n1 console=com1,vga dom0_mem=7584M,max:7584M watchdog ucode=scan dom0_max_vcpus=1-16 crashkernel=256M,below=4G
	module2 /boot/vmlinuz-4.19-xen root=LABEL=root-vgdorj ro nolvm hpet=disable console=tty0 console=hvc0
	module2 /boot/initrd-4.19-xen.img
}
menuentry 'XCP-ng in Safe Mode' {
	search --label --set root root-vgdorj
	multiboot2 /boot/xen.gz nosmp noreboot noirqbalance no-mce no-bootscrub no-numa no-hap no-mmcfg max_cstate=0 nmi=ignore allow_unsafe dom0_mem=7584M,max:7584M com1=115200,8n1 console=com1,vga
	module2 /boot/vmlinuz-4.19-xen earlyprintk=xen root=LABEL=root-vgdorj ro nolvm hpet=disable console=tty0 console=hvc0
	module2 /boot/initrd-4.19-xen.img
}
menuentry 'XCP-ng (Xen 4.17.5 / Linux 4.19.0+1)' {
	search --label --set root root-vgdorj
	multiboot2 /boot/xen-fallback.gz dom0_mem=7584M,max:7584M watchdog ucode=scan dom0_max_vcpus=1-16 crashkernel=256M,below=4G
	module2 /boot/vmlinuz-fallback root=LABEL=root-vgdorj ro nolvm hpet=disable console=hvc0 console=tty0
	module2 /boot/initrd-fallback.img
}
`,
});
