import { bootLinux } from "../boot/boot-linux";
import { GRUB_CONFIG } from "../boot/boot-menu";
import { bootXend } from "../boot/boot-xend";
import { dom0CommandLine, makeGrubConfig } from "../boot/grub";
import { formatInitramfs, initramfsPath, packInitramfs } from "../boot/initramfs";
import { startServices } from "../boot/services";
import { insservCommands } from "../commands/services";
import { xmCommands } from "../commands/xm";
import type { KernelData } from "../kernel/kernel";
import type { Profile } from "../machine";
import { debianXl } from "./debian-xl";
import { DEBIAN_XL_MODULES, DEBIAN_XL_PCI } from "./debian-xl-hardware";

const KERNEL: KernelData = {
  release: "3.2.0-4-amd64",
  version: "#1 SMP Debian 3.2.102-1",
  pci: DEBIAN_XL_PCI,
  modules: DEBIAN_XL_MODULES,
};

const XEN_IMAGE = "xen-4.1-amd64.gz";

/**
 * The script that goes with the list, as it is passed on (extended from the one of Xen's wiki); its quotes are the
 * shell's again.
 */
const BOOT_SCRIPT = `#!/bin/sh
### BEGIN INIT INFO
# Provides: pciback
# Required-Start: $local_fs
# Required-Stop: $local_fs
# Should-Start:
# Should-Stop:
# X-Start-Before: xend
# X-Stop-After:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO

. /lib/lsb/init-functions

scriptname=/etc/init.d/pciback
configfile='/etc/xen/pciback.conf'

unbind()
{
# Unbind a PCI function from its driver as necessary
[ ! -e /sys/bus/pci/devices/$1/driver/unbind ] || \\
echo -n $1 > /sys/bus/pci/devices/$1/driver/unbind
}

bind()
{
# Add a new slot to the PCI Backend's list
echo -n $1 > /sys/bus/pci/drivers/pciback/new_slot
# Now that the backend is watching for the slot, bind to it
echo -n $1 > /sys/bus/pci/drivers/pciback/bind
}

case "$1" in
start)
cat $configfile |while read line;do
echo "$line" | grep "^#" >/dev/null 2>&1 && continue
unbind $line
bind $line
done
;;
stop|status|restart|force-reload)
# As we don't know which driver was bound before, there is not much we can do here
;;
*)
echo "Usage: $scriptname start" >&2
exit 3
;;
esac
`;

const MODULE_FILES = DEBIAN_XL_MODULES.filter((module) => !module.builtin).map((module) => module.file);

const { xl: _, systemctl: __, ...COMMANDS } = debianXl.commands;

/** Debian 7 with Xen 4.1 and xend, insserv, and the init script pciback that somebody wrote; its list is empty yet. */
export const pcibackConf: Profile = {
  ...debianXl,
  logind: false,
  name: "pciback-conf",
  kernel: KERNEL,
  xen: {
    major: 4,
    minor: 1,
    extra: ".4",
    commandLine: "placeholder",
    iommu: true,
    hvm: true,
    memory: 4095,
    dom0Memory: 1536,
    cpus: 2,
  },
  xenImage: XEN_IMAGE,
  files: {
    "/etc/hostname": "xenlab\n",
    "/etc/debian_version": "7.11\n",
    "/etc/fstab": "LABEL=root / ext4 errors=remount-ro 0 1\n",
    "/etc/modules": "# /etc/modules: kernel modules to load at boot time.\nloop\n",
    "/etc/initramfs-tools/initramfs.conf": "MODULES=most\n",
    "/etc/default/grub": 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX=""\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
    "/lib/lsb/init-functions": "# /lib/lsb/init-functions for Debian\n",
    "/etc/init.d/pciback": BOOT_SCRIPT,
    "/etc/xen/pciback.conf": `#this file contains the list of pci(e) devices, the pciback drive sould bind to at system startup.
# please provide the devices in long BDF notation.
# example:
# 0000:08:00.0
# NO EMPTY LINES!
#
`,
    "/etc/xen/xend-config.sxp": "# -*- sh -*-\n(vif-script vif-bridge)\n(dom0-min-mem 196)\n",
    "/etc/xen/xend-pci-permissive.sxp": "(unconstrained_dev_ids\n     #('0123:4567:89AB:CDEF')\n)\n",
    "/etc/xen/xend-pci-quirks.sxp": "# -*- sh -*-\n",
    "/etc/xen/xmexample1": 'name = "ExampleDomain"\nkernel = "/boot/vmlinuz-2.6.10-xenU"\nmemory = 64\n',
    "/etc/xen/test.cfg": `# made by xen-tools
kernel = '/boot/vmlinuz-3.2.0-4-amd64'
name = 'test'
memory = '256'
root = '/dev/xvda2 ro'
disk = [ 'phy:/dev/vg/test-disk,xvda2,w' ]
`,
    [`/boot/vmlinuz-${KERNEL.release}`]: "",
    [`/boot/${XEN_IMAGE}`]: "",
    ...Object.fromEntries(MODULE_FILES.map((file) => [`/lib/modules/${KERNEL.release}/${file}`, ""])),
    [`/lib/modules/${KERNEL.release}/modules.builtin`]: "kernel/drivers/pci/pcie/pcieportdrv.ko\n",
  },
  folders: [
    ...debianXl.folders.filter((folder) => !/systemd|modules-load/.test(folder)),
    ...["2", "3", "4", "5"].map((level) => `/etc/rc${level}.d`),
  ],
  links: {
    ...debianXl.links,
    ...Object.fromEntries(["2", "3", "4", "5"].map((level) => [`/etc/rc${level}.d/S17pciback`, "../init.d/pciback"])),
  },
  sysfs: {
    "/sys/hypervisor/type": "xen\n",
    "/sys/hypervisor/version/major": "4\n",
    "/sys/hypervisor/version/minor": "1\n",
    "/sys/hypervisor/version/extra": ".4\n",
  },
  commands: { ...COMMANDS, ...insservCommands, ...xmCommands({ hotPlug: true }) },
  systemPrograms: [...debianXl.systemPrograms.filter((name) => name !== "xl"), "xm", "insserv"],
  install({ files }) {
    if (files.exists("/etc/init.d/pciback")) files.setStatus("/etc/init.d/pciback", { mode: 0o744 });
    files.plant(initramfsPath(KERNEL), formatInitramfs(packInitramfs(files, KERNEL)));
    files.plant(GRUB_CONFIG, makeGrubConfig(files, KERNEL, XEN_IMAGE));
  },
  async boot(machine) {
    await bootLinux(
      machine,
      `placeholder ${dom0CommandLine(machine.files.read(GRUB_CONFIG)).replace(/^placeholder /, "")}`,
    );
    await startServices(machine, { runlevelFolder: "/etc/rc2.d" });
    bootXend(machine);
  },
};
