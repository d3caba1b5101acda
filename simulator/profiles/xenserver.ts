import { bootLinux } from "../boot/boot-linux";
import { bootXen } from "../boot/boot-xen";
import { bootCommands } from "../commands/boot";
import { byteCommands } from "../commands/bytes";
import { fileCommands } from "../commands/files";
import { hardwareCommands } from "../commands/hardware";
import { listCommands } from "../commands/list-files";
import { moduleCommands } from "../commands/modules";
import { processCommands } from "../commands/processes";
import { searchCommands } from "../commands/search";
import { xeCommands } from "../commands/xe";
import { xenCmdlineCommands } from "../commands/xen-cmdline";
import { xenstoreCommands } from "../commands/xenstore";
import { xlCommands } from "../commands/xl";
import type { KernelData } from "../kernel/kernel";
import type { MountData } from "../kernel/procfs";
import type { Machine, Profile } from "../machine";
import { bootedArguments } from "../xapi/boot-menu";
import type { XapiData } from "../xapi/database";

type Given = Pick<Profile, "name" | "kernel" | "network" | "sysfs"> & {
  readonly xen: NonNullable<Profile["xen"]>;
  readonly xapi: XapiData;
  readonly bootFile: string;
  readonly bootMenu: string;
  readonly mounts: readonly MountData[];
  readonly files?: Readonly<Record<string, string>>;
};

/** What all dom0s of XenServer and XCP-ng have in common: CentOS 7, pciback in the kernel, xapi, xen-cmdline. */
export function xenServer(given: Given): Profile {
  const { kernel, xapi, xen } = given;
  const modules = `/lib/modules/${kernel.release}`;
  return {
    name: given.name,
    kernel,
    xen,
    xapi,
    network: given.network,
    files: {
      "/etc/redhat-release": `${xapi.brand} release ${xapi.version} (xenenterprise)\n`,
      "/etc/xensource-inventory": inventory(xapi),
      "/etc/xensource/pool.conf": xapi.hosts[0]?.uuid === xapi.hostUuid ? "master" : "slave:10.0.0.10",
      [given.bootFile]: given.bootMenu,
      [`${modules}/modules.builtin`]: builtins(kernel),
      ...Object.fromEntries(moduleFiles(kernel).map((file) => [`${modules}/${file}`, ""])),
      ...given.files,
    },
    folders: [
      ...["/tmp", "/root", "/run/lock", "/etc/modprobe.d", "/etc/modules-load.d", "/var/lib", "/var/log", "/dev"],
      ...["/usr/bin", "/usr/sbin", "/opt/xensource/bin", "/opt/xensource/libexec"],
    ],
    links: {
      "/var/run": "/run",
      "/bin": "usr/bin",
      "/sbin": "usr/sbin",
      "/opt/xensource/bin/xe": "../../../usr/bin/xe",
    },
    mounts: [...SYSTEM_MOUNTS, ...given.mounts],
    swaps: [],
    sysfs: {
      "/sys/hypervisor/type": "xen\n",
      "/sys/hypervisor/uuid": "00000000-0000-0000-0000-000000000000\n",
      "/sys/hypervisor/version/major": `${xen.major}\n`,
      "/sys/hypervisor/version/minor": `${xen.minor}\n`,
      "/sys/hypervisor/version/extra": `${xen.extra}\n`,
      ...given.sysfs,
    },
    commands: {
      ...fileCommands,
      ...listCommands,
      ...byteCommands,
      ...searchCommands,
      ...processCommands,
      ...hardwareCommands,
      ...moduleCommands,
      ...rebootCommands,
      ...xenstoreCommands,
      ...xlCommands,
      ...xeCommands,
      ...xenCmdlineCommands,
    },
    systemPrograms: ["ip", "lspci", "lsmod", "modprobe", "reboot", "rmmod", "shutdown", "xl"],
    programFolders: { "xen-cmdline": "/opt/xensource/libexec" },
    install() {},
    async boot(machine: Machine) {
      await bootLinux(machine, bootedArguments(machine.files));
      bootXen(machine);
      machine.xapi?.boot();
      machine.files.plant("/run/xapi_init_complete.cookie", "");
    },
  };
}

const { reboot, shutdown, systemctl } = bootCommands;
const rebootCommands = {
  ...(reboot ? { reboot } : {}),
  ...(shutdown ? { shutdown } : {}),
  ...(systemctl ? { systemctl } : {}),
};

function inventory({ brand, version, hostUuid, machines }: XapiData): string {
  const control = machines.find((machine) => machine.kind === "control-domain")?.uuid ?? "";
  const values = {
    PRIMARY_DISK: "/dev/disk/by-id/ata-ST3250620NS_9QE0PZ3W",
    PRODUCT_VERSION: version,
    DOM0_VCPUS: "4",
    CONTROL_DOMAIN_UUID: control,
    DOM0_MEM: "3072",
    MANAGEMENT_ADDRESS_TYPE: "IPv4",
    BACKUP_PARTITION: "/dev/disk/by-id/ata-ST3250620NS_9QE0PZ3W-part2",
    INSTALLATION_UUID: hostUuid,
    PRODUCT_BRAND: brand,
    BRAND_CONSOLE: "XenCenter",
    PRODUCT_NAME: "xenenterprise",
    MANAGEMENT_INTERFACE: "xenbr0",
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join("");
}

function builtins(kernel: KernelData): string {
  const built = kernel.modules.filter((module) => module.builtin && module.file !== "");
  return built.map((module) => `${module.file}\n`).join("");
}

function moduleFiles(kernel: KernelData): string[] {
  return kernel.modules.filter((module) => !module.builtin).map((module) => module.file);
}

const SYSTEM_MOUNTS: readonly MountData[] = [
  { source: "sysfs", point: "/sys", type: "sysfs", options: "rw,relatime", superOptions: "rw", device: "0:16" },
  { source: "proc", point: "/proc", type: "proc", options: "rw,relatime", superOptions: "rw", device: "0:3" },
  { source: "devtmpfs", point: "/dev", type: "devtmpfs", options: "rw,nosuid", superOptions: "rw", device: "0:6" },
  { source: "tmpfs", point: "/run", type: "tmpfs", options: "rw,nosuid,nodev", superOptions: "rw", device: "0:18" },
];
