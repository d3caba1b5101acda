import { bootLinux } from "../boot/boot-linux";
import { formatInitramfs, initrdPath, packInitramfs } from "../boot/initramfs";
import { withoutBootFileMakers } from "../commands/boot";
import { selinuxCommands } from "../commands/selinux";
import type { KernelData } from "../kernel/kernel";
import type { ModuleData } from "../kernel/modules";
import type { PciFunctionData } from "../kernel/pci-bus";
import { Libvirt, type LibvirtData } from "../libvirt/libvirt";
import type { Profile } from "../machine";
import { debianKvm } from "./debian-kvm";
import { DEBIAN_XL_MODULES, DEBIAN_XL_PCI } from "./debian-xl-hardware";
import { pciAddress } from "./pci-address";

const RELEASE = "2.6.18-190.el5";

/** The USB controller of the document: `pci_8086_3a6c`, slot 26 in decimal. */
const USB: PciFunctionData = {
  address: pciAddress("00:1a.7"),
  id: "8086:3a6c",
  subsystem: "1028:0293",
  class: "0c0320",
  label: "USB controller: Intel Corporation 82801JD/DO (ICH10 Family) USB2 EHCI Controller #2",
  resettable: true,
  children: { ehci_hcd: [{ path: "usb1" }] },
};

const MODULES: readonly ModuleData[] = [
  ...DEBIAN_XL_MODULES.filter(({ name }) => !["vfio_pci", "xen_pciback", "pci_stub"].includes(name)),
  {
    name: "ehci_hcd",
    file: "kernel/drivers/usb/host/ehci-hcd.ko",
    driver: { name: "ehci_hcd", classes: ["0c0320"] },
  },
  { name: "pci_stub", file: "", builtin: true, driver: { name: "pci-stub" } },
];

const KERNEL: KernelData = {
  release: RELEASE,
  version: "#1 SMP Tue Mar 16 21:52:39 EDT 2010",
  pci: [...DEBIAN_XL_PCI.map(({ iommuGroup: _, ...plain }) => plain), USB],
  modules: MODULES,
  driverOverride: false,
};

const LIBVIRT: LibvirtData = {
  version: "0.6.3",
  hypervisor: "QEMU 0.9.1",
  stub: "pci-stub",
  nodeNames: "ids",
  hotPlug: false,
  separateScopes: false,
  snapshots: false,
};

/** As libvirt of that age writes it: no addresses, no controllers. */
const WIN2K3 = `<domain type='kvm'>
  <name>win2k3</name>
  <uuid>a75aca4b-a02f-2bcb-4a91-c93cd848c34b</uuid>
  <memory>524288</memory>
  <currentMemory>524288</currentMemory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <boot dev='hd'/>
  </os>
  <clock offset='localtime'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>restart</on_crash>
  <devices>
    <emulator>/usr/libexec/qemu-kvm</emulator>
    <disk type='file' device='disk'>
      <source file='/var/lib/libvirt/images/win2k3.img'/>
      <target dev='hda' bus='ide'/>
    </disk>
    <input type='mouse' bus='ps2'/>
    <graphics type='vnc' port='-1' autoport='yes'/>
  </devices>
</domain>
`;

/**
 * Red Hat Enterprise Linux 5 with KVM, as in its guide "PCI passthrough": pci-stub, `nodedev-dettach`, devices named by
 * their ids, guests changed while they are off, SELinux with the boolean virt_use_sysfs.
 */
export const rhelKvm: Profile = {
  ...debianKvm,
  name: "rhel-kvm",
  kernel: KERNEL,
  libvirt: LIBVIRT,
  selinux: { mode: "Enforcing", booleans: { virt_use_sysfs: false } },
  files: {
    "/etc/redhat-release": "Red Hat Enterprise Linux Server release 5.5 (Tikanga)\n",
    "/etc/fstab": "LABEL=/ / ext3 defaults 1 1\n",
    "/etc/modprobe.conf": "alias eth0 e1000e\n",
    "/boot/grub/grub.conf": `default=0
timeout=5
splashimage=(hd0,0)/grub/splash.xpm.gz
hiddenmenu
title Red Hat Enterprise Linux Server (${RELEASE})
   root (hd0,0)
   kernel /vmlinuz-${RELEASE} ro root=/dev/VolGroup00/LogVol00 intel_iommu=on
   initrd /initrd-${RELEASE}.img
`,
    [`/boot/vmlinuz-${RELEASE}`]: "",
    ...Object.fromEntries(
      MODULES.filter((module) => !module.builtin).map((module) => [`/lib/modules/${RELEASE}/${module.file}`, ""]),
    ),
    [`/lib/modules/${RELEASE}/modules.dep`]: "",
    "/etc/libvirt/qemu/win2k3.xml": WIN2K3,
  },
  commands: {
    ...withoutBootFileMakers(debianKvm.commands),
    ...selinuxCommands,
  },
  install({ files }) {
    files.plant(initrdPath(KERNEL), formatInitramfs(packInitramfs(files, KERNEL)));
  },
  async boot(machine) {
    const kernel = /^\s*kernel\s+\S+\s+(.*)$/m.exec(machine.files.read("/boot/grub/grub.conf"))?.[1] ?? "";
    await bootLinux(machine, kernel, initrdPath(KERNEL));
    machine.libvirt = new Libvirt(LIBVIRT, machine);
  },
};
