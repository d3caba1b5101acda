import { bootLinux } from "../boot/boot-linux";
import { GRUB_CONFIG } from "../boot/boot-menu";
import { bootXen } from "../boot/boot-xen";
import { dom0CommandLine } from "../boot/grub";
import { startServices } from "../boot/services";
import { xlCommands } from "../commands/xl";
import type { Profile } from "../machine";
import { pcibackConf } from "./pciback-conf";

const { xm: _, ...COMMANDS } = pcibackConf.commands;

const OF_XEND = ["/etc/init.d/pciback", "/etc/xen/pciback.conf", "/etc/xen/test.cfg"];

/**
 * Debian 7 with Xen 4.2 of its own making: the first xl that makes devices assignable, and that exits with 0 whatever
 * happens.
 */
export const xl42: Profile = {
  ...pcibackConf,
  name: "xl-4.2",
  xen: {
    major: 4,
    minor: 2,
    extra: ".0",
    commandLine: "placeholder",
    iommu: true,
    hvm: true,
    memory: 4095,
    dom0Memory: 1536,
    cpus: 2,
  },
  files: {
    ...Object.fromEntries(
      Object.entries(pcibackConf.files).filter(([path]) => !OF_XEND.includes(path) && !path.includes("xend")),
    ),
    "/etc/xen/guest.cfg": `name = "guest"
kernel = "/boot/vmlinuz-3.2.0-4-amd64"
memory = 256
disk = [ '/dev/vg/guest,raw,xvda,rw' ]
`,
  },
  links: Object.fromEntries(Object.entries(pcibackConf.links).filter(([path]) => !path.endsWith("pciback"))),
  sysfs: { ...pcibackConf.sysfs, "/sys/hypervisor/version/minor": "2\n", "/sys/hypervisor/version/extra": ".0\n" },
  commands: { ...COMMANDS, ...xlCommands },
  systemPrograms: [...pcibackConf.systemPrograms.filter((name) => name !== "xm"), "xl"],
  async boot(machine) {
    await bootLinux(
      machine,
      `placeholder ${dom0CommandLine(machine.files.read(GRUB_CONFIG)).replace(/^placeholder /, "")}`,
    );
    await startServices(machine, { runlevelFolder: "/etc/rc2.d" });
    bootXen(machine);
  },
};
