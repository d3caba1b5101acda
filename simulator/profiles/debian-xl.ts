import { bootLinux } from "../boot/boot-linux";
import { GRUB_CONFIG, initramfsIn, isTrialLost, runBootMenu } from "../boot/boot-menu";
import { bootXen } from "../boot/boot-xen";
import { dom0CommandLine, makeGrubConfig } from "../boot/grub";
import { formatInitramfs, initramfsPath, packInitramfs } from "../boot/initramfs";
import { startServices } from "../boot/services";
import { bootCommands } from "../commands/boot";
import { byteCommands } from "../commands/bytes";
import { fileCommands } from "../commands/files";
import { hardwareCommands } from "../commands/hardware";
import { listCommands } from "../commands/list-files";
import { moduleCommands } from "../commands/modules";
import { processCommands } from "../commands/processes";
import { searchCommands } from "../commands/search";
import { xenstoreCommands } from "../commands/xenstore";
import { xlCommands } from "../commands/xl";
import type { KernelData } from "../kernel/kernel";
import type { Profile } from "../machine";
import { DEBIAN_XL_MODULES, DEBIAN_XL_PCI } from "./debian-xl-hardware";
import { DEBIAN_XL_VMS } from "./debian-xl-vms";

/** The kernel of Debian 12 on the hardware of the lab host. */
export const DEBIAN_KERNEL: KernelData = {
  release: "6.1.0-56-amd64",
  version: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)",
  pci: DEBIAN_XL_PCI,
  modules: DEBIAN_XL_MODULES,
};

const XEN_IMAGE = "xen-4.17-amd64.gz";

/** Debian 12 with Xen 4.17 and xl: the lab host of test/lab. pciback is a module that nothing loads at boot. */
export const debianXl: Profile = {
  name: "debian-xl",
  kernel: DEBIAN_KERNEL,
  xen: {
    major: 4,
    minor: 17,
    extra: ".7",
    commandLine: "placeholder dom0_mem=1536M,max:1536M com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all",
    iommu: true,
    hvm: true,
    memory: 4095,
    dom0Memory: 1536,
    cpus: 2,
  },
  xenImage: XEN_IMAGE,
  network: {
    sshAddress: "10.0.2.15",
    sshPort: 22,
    clientAddress: "10.0.2.2",
    interfaces: [
      { name: "lo", addresses: ["127.0.0.1/8", "::1/128"] },
      { name: "mgmt0", addresses: ["10.0.2.15/24", "fec0::5054:ff:fe12:3456/64", "fe80::5054:ff:fe12:3456/64"] },
      { name: "enp1s0f0", addresses: [] },
      { name: "enp1s0f1", addresses: [] },
    ],
  },
  files: {
    "/etc/hostname": "xenlab\n",
    "/etc/debian_version": "12.12\n",
    "/etc/os-release": `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
`,
    "/etc/fstab": "LABEL=root / ext4 defaults,errors=remount-ro 0 1\n",
    "/etc/modules": "# /etc/modules: kernel modules to load at boot time.\n",
    "/etc/initramfs-tools/initramfs.conf": "MODULES=most\nBUSYBOX=auto\nCOMPRESS=zstd\nFSTYPE=auto\n",
    "/etc/initramfs-tools/conf.d/lab": "MODULES=list\nCOMPRESS=gzip\nCOMPRESSLEVEL=1\nFSTYPE=ext4\n",
    "/etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\next4\ne1000e\nnvme\nxhci_pci\n",
    "/etc/default/grub": `GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX=""
`,
    "/etc/default/grub.d/lab.cfg": `GRUB_TIMEOUT=0
GRUB_CMDLINE_LINUX="console=ttyS0 console=hvc0 intel_iommu=on"
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_XEN="dom0_mem=1536M,max:1536M com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all"
`,
    [`/boot/vmlinuz-${DEBIAN_KERNEL.release}`]: "",
    [`/boot/${XEN_IMAGE}`]: "",
    [`/boot/config-${DEBIAN_KERNEL.release}`]: "CONFIG_INTEL_IOMMU=y\nCONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y\n",
    "/root/guest.img": "",
    ...Object.fromEntries(moduleFiles().map((file) => [`/lib/modules/${DEBIAN_KERNEL.release}/${file}`, ""])),
    [`/lib/modules/${DEBIAN_KERNEL.release}/modules.dep`]: moduleFiles()
      .map((file) => `${file}:\n`)
      .join(""),
    [`/lib/modules/${DEBIAN_KERNEL.release}/modules.builtin`]: "kernel/drivers/pci/pcie/pcieportdrv.ko\n",
    ...DEBIAN_XL_VMS,
  },
  folders: [
    "/tmp",
    "/root",
    "/run/lock",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/initramfs-tools/hooks",
    "/etc/initramfs-tools/scripts/init-top",
    "/etc/systemd/system/multi-user.target.wants",
    "/etc/init.d",
    "/usr/local/sbin",
    "/etc/udev/rules.d",
    "/run/systemd/system",
    "/etc/xen/auto",
    "/var/lib",
    "/var/log",
    "/dev",
    "/usr/bin",
    "/usr/sbin",
  ],
  links: { "/var/run": "/run", "/bin": "usr/bin", "/sbin": "usr/sbin" },
  mounts: [
    {
      source: "sysfs",
      point: "/sys",
      type: "sysfs",
      options: "rw,nosuid,nodev,noexec,relatime",
      superOptions: "rw",
      device: "0:18",
    },
    {
      source: "proc",
      point: "/proc",
      type: "proc",
      options: "rw,nosuid,nodev,noexec,relatime",
      superOptions: "rw",
      device: "0:19",
    },
    {
      source: "udev",
      point: "/dev",
      type: "devtmpfs",
      options: "rw,nosuid,relatime",
      superOptions: "rw,mode=755",
      device: "0:5",
    },
    {
      source: "tmpfs",
      point: "/run",
      type: "tmpfs",
      options: "rw,nosuid,nodev,noexec,relatime",
      superOptions: "rw,mode=755",
      device: "0:21",
    },
    {
      source: "/dev/vda1",
      point: "/",
      type: "ext4",
      options: "rw,relatime",
      superOptions: "rw,errors=remount-ro",
      device: "254:1",
    },
  ],
  logind: true,
  swaps: [],
  sysfs: {
    "/sys/hypervisor/type": "xen\n",
    // Xen 4.17 hides the table DMAR from dom0 under this name (seen in the lab).
    "/sys/firmware/acpi/tables/RMAD": "",
    "/sys/hypervisor/guest_type": "PV\n",
    "/sys/hypervisor/uuid": "00000000-0000-0000-0000-000000000000\n",
    "/sys/hypervisor/version/major": "4\n",
    "/sys/hypervisor/version/minor": "17\n",
    "/sys/hypervisor/version/extra": ".7\n",
    "/sys/hypervisor/properties/capabilities": "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 \n",
  },
  commands: {
    ...fileCommands,
    ...listCommands,
    ...byteCommands,
    ...searchCommands,
    ...processCommands,
    ...hardwareCommands,
    ...moduleCommands,
    ...bootCommands,
    ...xenstoreCommands,
    ...xlCommands,
  },
  systemPrograms: [
    ...["ip", "lsmod", "modprobe", "reboot", "rmmod", "shutdown"],
    ...["grub-mkconfig", "update-grub", "update-initramfs", "xl"],
  ],
  // Debian's patch "mkconfig: read /etc/default/grub.d" (grub2 2.06-13).
  programSources: { "grub-mkconfig": "# for x in $sysconfdir/default/grub.d/*.cfg\n" },
  install({ files, profile: { kernel, xenImage = "" } }) {
    files.plant(initramfsPath(kernel), formatInitramfs(packInitramfs(files, kernel)));
    files.plant(GRUB_CONFIG, makeGrubConfig(files, kernel, xenImage));
  },
  async boot(machine) {
    const menu = runBootMenu(machine.files);
    await bootLinux(machine, `placeholder ${dom0CommandLine(menu).replace(/^placeholder /, "")}`, initramfsIn(menu));
    if (isTrialLost(machine)) return debianXl.boot(machine);
    await startServices(machine, "systemd");
    bootXen(machine);
  },
};

function moduleFiles(): string[] {
  return DEBIAN_XL_MODULES.filter((module) => !module.builtin).map((module) => module.file);
}
