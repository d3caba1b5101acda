import { bootLinux } from "../boot/boot-linux";
import { bootXend } from "../boot/boot-xend";
import { formatInitramfs, initrdPath } from "../boot/initramfs";
import { startServices } from "../boot/services";
import { withoutBootFileMakers } from "../commands/boot";
import { chkconfigCommands } from "../commands/services";
import { xmCommands } from "../commands/xm";
import type { KernelData } from "../kernel/kernel";
import type { ModuleData } from "../kernel/modules";
import type { PciFunctionData } from "../kernel/pci-bus";
import type { Profile } from "../machine";
import { debianXl } from "./debian-xl";
import { pciAddress } from "./pci-address";

const RELEASE = "2.6.18-419.el5xen";

const MODULES: readonly ModuleData[] = [
  module("ahci", "drivers/ata", { classes: ["010601"] }),
  module("e1000e", "drivers/net/e1000e", { ids: ["8086:10bd"] }),
  module("bnx2", "drivers/net", { ids: ["14e4:1639"] }),
  module("uhci_hcd", "drivers/usb/host", { classes: ["0c0300"] }),
  module("ehci_hcd", "drivers/usb/host", { classes: ["0c0320"] }),
  module("pciback", "drivers/xen/pciback"),
];

const KERNEL: KernelData = {
  release: RELEASE,
  version: "#1 SMP Fri Feb 24 22:23:51 EST 2017",
  oldSysfs: true,
  pci: [
    {
      address: pciAddress("00:00.0"),
      id: "8086:29a0",
      subsystem: "8086:514d",
      class: "060000",
      label: "Host bridge: Intel Corporation 82P965/G965 Memory Controller Hub",
    },
    {
      address: pciAddress("00:19.0"),
      id: "8086:10bd",
      subsystem: "8086:0001",
      class: "020000",
      label: "Ethernet controller: Intel Corporation 82566DM-2 Gigabit Network Connection",
      children: { e1000e: [{ path: "net/peth0", class: "net", files: { address: "fe:ff:ff:ff:ff:ff\n" } }] },
    },
    ...[0, 1, 2, 3].map((number) => usb(number, "0c0300", `82801H (ICH8 Family) USB UHCI Controller #${number + 1}`)),
    usb(7, "0c0320", "82801H (ICH8 Family) USB2 EHCI Controller #1"),
    {
      address: pciAddress("00:1f.2"),
      id: "8086:2821",
      subsystem: "8086:514d",
      class: "010601",
      label: "SATA controller: Intel Corporation 82801HR/HO/HH (ICH8R/DO/DH) 6 port SATA Controller [AHCI mode]",
      children: {
        ahci: [
          { path: "host0/target0:0:0/0:0:0:0/block/sda", class: "block", files: { dev: "8:0\n" } },
          { path: "host0/target0:0:0/0:0:0:0/block/sda/sda1", class: "block", files: { dev: "8:1\n" } },
        ],
      },
    },
    {
      address: pciAddress("09:00.0"),
      id: "14e4:1639",
      subsystem: "1028:0235",
      class: "020000",
      label: "Ethernet controller: Broadcom Corporation NetXtreme II BCM5709 Gigabit Ethernet",
      children: { bnx2: [{ path: "net/eth1", class: "net", files: { address: "00:22:19:5a:00:01\n" } }] },
    },
  ],
  modules: MODULES,
};

const XEN = "2.6.18-419.el5";

const { xl: _, systemctl: __, ...COMMANDS } = withoutBootFileMakers(debianXl.commands);

/** RHEL 5.11 with its own Xen 3.1 and xend: Linux 2.6.18, the module pciback, SysV scripts, and no device hot-plug. */
export const rhel5Xen: Profile = {
  ...debianXl,
  logind: false,
  name: "rhel5-xen",
  kernel: KERNEL,
  xen: {
    major: 3,
    minor: 1,
    extra: ".2-419.el5",
    commandLine: `/xen.gz-${XEN}`,
    // Its kernel shows no tables of the firmware, and this xm does not say whether Xen uses an IOMMU.
    iommu: true,
    hvm: true,
    memory: 4095,
    dom0Memory: 1536,
    cpus: 2,
  },
  xenImage: `xen.gz-${XEN}`,
  // The bridge script of xend: eth0 is one end of a loop, whose other end is a port of the bridge beside the card.
  network: {
    ...debianXl.network,
    interfaces: [
      { name: "lo", addresses: ["127.0.0.1/8", "::1/128"] },
      { name: "peth0", addresses: ["fe80::fcff:ffff:feff:ffff/64"] },
      { name: "eth0", addresses: ["10.0.2.15/24"] },
      { name: "eth1", addresses: [] },
    ],
  },
  files: {
    "/etc/redhat-release": "Red Hat Enterprise Linux Server release 5.11 (Tikanga)\n",
    "/etc/fstab": "LABEL=/ / ext3 defaults 1 1\n",
    "/etc/modprobe.conf": `alias eth0 e1000e
alias eth1 bnx2
alias scsi_hostadapter ahci
alias snd-card-0 snd-hda-intel
options loop max_loop=64
`,
    "/etc/xen/xend-config.sxp":
      "# -*- sh -*-\n(network-script network-bridge)\n(vif-script vif-bridge)\n(dom0-min-mem 256)\n",
    "/etc/xen/xend-pci-permissive.sxp": "(unconstrained_dev_ids\n     #('0123:4567:89AB:CDEF')\n)\n",
    "/etc/xen/xend-pci-quirks.sxp":
      "(tg3\n    (pci_ids\n        ('14e4:1644'   # Broadcom Tigon3 5700\n        )\n    )\n)\n",
    "/etc/xen/xmexample1": 'kernel = "/boot/vmlinuz-2.6.10-xenU"\nname = "ExampleDomain"\n',
    "/etc/xen/NGTest-dom0kernel": `# the kernel of dom0, which has pcifront
kernel = "/boot/vmlinuz-${RELEASE}"
ramdisk = "/boot/initrd-domU-${RELEASE}.img"
name = "NGTest"
memory = 512
disk = [ 'phy:/dev/VolGroup00/ngtest,xvda,w' ]
vif = [ '' ]
root = "/dev/xvda1 ro"
`,
    "/boot/grub/grub.conf": `default=0
timeout=5
splashimage=(hd0,0)/grub/splash.xpm.gz
hiddenmenu
title Red Hat Enterprise Linux Server (${RELEASE})
\troot (hd0,0)
\tkernel /xen.gz-${XEN}
\tmodule /vmlinuz-${RELEASE} ro root=LABEL=/
\tmodule /initrd-${RELEASE}.img
`,
    [`/boot/vmlinuz-${RELEASE}`]: "",
    ...Object.fromEntries(MODULES.map((module) => [`/lib/modules/${RELEASE}/${module.file}`, ""])),
    [`/lib/modules/${RELEASE}/modules.dep`]: "",
  },
  folders: [
    ...["/tmp", "/root", "/etc/init.d", "/etc/xen/auto", "/var/lib/dbus", "/var/log", "/var/run", "/dev"],
    ...["/usr/bin", "/usr/sbin", "/usr/local/sbin"],
    ...["2", "3", "4", "5"].map((level) => `/etc/rc${level}.d`),
  ],
  links: { "/run": "/var/run", "/bin": "usr/bin", "/sbin": "usr/sbin" },
  mounts: [
    { source: "proc", point: "/proc", type: "proc", options: "rw", superOptions: "rw", device: "0:3" },
    { source: "sysfs", point: "/sys", type: "sysfs", options: "rw", superOptions: "rw", device: "0:0" },
    // As nash mounts it: no such file is in /dev.
    { source: "/dev/root", point: "/", type: "ext3", options: "rw", superOptions: "rw", device: "8:1" },
  ],
  sysfs: {
    "/sys/hypervisor/type": "xen\n",
    "/sys/hypervisor/version/major": "3\n",
    "/sys/hypervisor/version/minor": "1\n",
    "/sys/hypervisor/version/extra": ".2-419.el5\n",
    "/sys/class/net/eth0/address": "00:19:d1:00:00:01\n",
    "/sys/class/net/vif0.0/address": "fe:ff:ff:ff:ff:ff\n",
    "/sys/class/net/xenbr0/address": "fe:ff:ff:ff:ff:ff\n",
    "/sys/class/net/xenbr0/brif/peth0/port_no": "0x1\n",
    "/sys/class/net/xenbr0/brif/vif0.0/port_no": "0x2\n",
  },
  commands: { ...COMMANDS, ...chkconfigCommands, ...xmCommands({ hotPlug: false }) },
  systemPrograms: ["ip", "lsmod", "modprobe", "reboot", "rmmod", "shutdown", "xm", "chkconfig"],
  install({ files }) {
    // RHEL 5 is older than systemd: the machine is known by the id that D-Bus made.
    files.plant("/var/lib/dbus/machine-id", files.read("/etc/machine-id"));
    files.remove("/etc/machine-id");
    files.remove("/usr/bin/timeout"); // coreutils 5.97
    const early = {
      modules: ["ahci", "uhci_hcd", "ehci_hcd"],
      load: ["ehci_hcd", "uhci_hcd", "ahci"],
      modprobe: {},
      scripts: {},
    };
    files.plant(initrdPath(KERNEL), formatInitramfs(early));
  },
  async boot(machine) {
    const kernel = /^\s*module\s+\/vmlinuz\S*\s+(.*)$/m.exec(machine.files.read("/boot/grub/grub.conf"))?.[1] ?? "";
    await bootLinux(machine, kernel, initrdPath(KERNEL));
    await startServices(machine, { runlevelFolder: "/etc/rc3.d" });
    bootXend(machine);
  },
};

function usb(number: number, code: string, label: string): PciFunctionData {
  const address = pciAddress(`00:1d.${number}`);
  const driver = code === "0c0320" ? "ehci_hcd" : "uhci_hcd";
  return {
    address,
    id: `8086:28${number === 7 ? "36" : `3${number}`}`,
    subsystem: "8086:514d",
    class: code,
    label: `USB Controller: Intel Corporation ${label}`,
    resettable: false,
    children: { [driver]: [{ path: `usb${number + 1}` }] },
  };
}

function module(name: string, folder: string, driver?: Omit<NonNullable<ModuleData["driver"]>, "name">): ModuleData {
  const file = `kernel/${folder}/${name.replaceAll("_", "-")}.ko`;
  return { name, file, ...(driver ? { driver: { name, ...driver } } : {}) };
}
