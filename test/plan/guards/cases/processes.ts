import { pciAnswer } from "../pci-answer";
import type { Situation } from "../situation";

const VFIO = "linux, drivers/vfio/vfio_main.c, 6.1: /dev/vfio/<group>; virt/kvm/kvm_main.c: the file kvm-vm";
const IOMMUFD = "linux, Documentation/driver-api/vfio.rst, 6.6, VFIO Device cdev: /dev/vfio/devices/vfioX";
const NVIDIA = "open-gpu-kernel-modules 535, kernel-open/nvidia/nv-procfs.c: Device Minor of /dev/nvidia<minor>";
const DRM = "linux, drivers/gpu/drm/drm_sysfs.c, 6.1: /sys/class/drm/card<minor>/device";
const UIO = "linux, drivers/uio/uio.c, 6.1: /sys/class/uio/uio<minor>/device";
const CARRIED = "linux, drivers/pci/iov.c, 6.1: virtual functions go with their physical function";

const GROUPS: Readonly<Record<string, string>> = {
  "0000:00:08.0": "1",
  "0000:01:00.0": "20",
  "0000:04:00.0": "30",
  "0000:04:00.1": "30",
  "0000:05:00.0": "31",
  "0000:06:00.0": "32",
  "0000:06:10.0": "33",
};

const PCI = [
  pciAnswer([
    { path: "pci0000:00/0000:00:08.0", class: "030000", driver: "i915", label: "VGA: Intel Corporation" },
    { path: "pci0000:00/0000:01:00.0", class: "030200", driver: "nvidia", label: "3D controller: NVIDIA" },
    { path: "pci0000:00/0000:04:00.0", class: "020000", driver: "vfio-pci", label: "Ethernet controller: Intel" },
    { path: "pci0000:00/0000:04:00.1", class: "020000", driver: "igb", label: "Ethernet controller: Intel" },
    { path: "pci0000:00/0000:05:00.0", class: "020000", driver: "uio_pci_generic", label: "Ethernet: Intel" },
    { path: "pci0000:00/0000:06:00.0", class: "020000", driver: "ixgbe", label: "Ethernet: Intel" },
    { path: "pci0000:00/0000:06:10.0", class: "020000", driver: "mlx5_vfio_pci", label: "Ethernet: VF" },
  ]),
  "/sys/bus/pci/devices/0000:06:10.0/physfn -> /sys/devices/pci0000:00/0000:06:00.0",
  ...Object.entries(GROUPS).map(
    ([address, group]) => `/sys/bus/pci/devices/${address}/iommu_group -> /sys/kernel/iommu_groups/${group}`,
  ),
].join("\n");

const STUB_DRIVERS = `module /lib/modules/6.6/kernel/drivers/vfio/pci/vfio-pci.ko
/lib/modules/6.6/modules.dep:kernel/drivers/vfio/pci/vfio-pci.ko
alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci
alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci`;

const GPU = "01:00.0";
const opened = (pid: number, name: string, file: string, device = "none") => `opened ${pid} ${file} ${device} ${name}`;
const MINOR = "nvidia 0 /proc/driver/nvidia/gpus/0000:01:00.0/information";
const DISPLAY = "/sys/devices/pci0000:00/0000:00:08.0";

const running = (
  title: string,
  source: string,
  declares: string,
  processes: readonly string[],
  ...refused: Situation["refused"]
): Situation => ({
  title,
  source,
  recorded: "debian12-kvm",
  answers: { pci_devices: PCI, libvirt: "", stub_drivers: STUB_DRIVERS, processes: processes.join("\n") },
  declares,
  refused,
});

const byProcess = (evidence: string) => ["in-use-by-process", evidence] as const;
const byVm = (evidence: string) => ["in-use-by-vm", evidence] as const;

export const PROCESSES: readonly Situation[] = [
  running(
    "a GPU of a program that computes",
    NVIDIA,
    GPU,
    [opened(812, "python3", "/dev/nvidia0"), MINOR],
    byProcess(
      "0000:01:00.0 (3D controller: NVIDIA) is in use by python3 (process 812, /dev/nvidia0). Stop what uses it",
    ),
  ),
  running(
    "a GPU that nvidia-persistenced keeps awake",
    NVIDIA,
    GPU,
    [opened(644, "nvidia-persiste", "/dev/nvidia0"), MINOR],
    byProcess("is in use by nvidia-persiste (process 644, /dev/nvidia0)"),
  ),
  running("another GPU of that driver", NVIDIA, GPU, [
    opened(812, "python3", "/dev/nvidia1"),
    MINOR,
    "nvidia 1 /proc/driver/nvidia/gpus/0000:02:00.0/information",
  ]),
  running(
    "a display with a display server",
    DRM,
    "00:08.0",
    [
      opened(901, "Xorg", "/dev/dri/card0", DISPLAY),
      opened(902, "systemd-logind", "/dev/dri/card0", DISPLAY),
      opened(950, "firefox", "/dev/dri/renderD128", DISPLAY),
      opened(951, "mpv", "/dev/dri/renderD128", DISPLAY),
    ],
    byProcess(
      "is in use by Xorg (process 901, /dev/dri/card0) and systemd-logind (process 902, /dev/dri/card0) and firefox (process 950, /dev/dri/renderD128) and 1 more",
    ),
  ),
  running(
    "a GPU that draws for a VM, which does not have it",
    "qemu 8.0, ui/egl-helpers.c: -display egl-headless,rendernode=/dev/dri/renderD128",
    "00:08.0",
    [
      opened(4711, "qemu-system-x86", "anon_inode:kvm-vm"),
      opened(4711, "qemu-system-x86", "/dev/dri/renderD128", DISPLAY),
    ],
    byProcess("is in use by qemu-system-x86 (process 4711, /dev/dri/renderD128)"),
  ),
  running("a display that only another one's server uses", DRM, GPU, [
    opened(901, "Xorg", "/dev/dri/card0", DISPLAY),
    MINOR,
  ]),
  running(
    "a NIC of DPDK",
    UIO,
    "05:00.0",
    [opened(77, "dpdk-testpmd", "/dev/uio0", "/sys/devices/pci0000:00/0000:05:00.0")],
    byProcess("is in use by dpdk-testpmd (process 77, /dev/uio0)"),
  ),
  running(
    "a part of the IOMMU group that DPDK has open",
    VFIO,
    "04:00.1",
    [opened(77, "dpdk-testpmd", "/dev/vfio/30")],
    byProcess("is in use by dpdk-testpmd (process 77, /dev/vfio/30)"),
  ),
  running(
    "a part of the IOMMU group that a VM of QEMU has open, which no toolstack knows",
    VFIO,
    "04:00.1",
    [opened(4711, "qemu-system-x86", "anon_inode:kvm-vm"), opened(4711, "qemu-system-x86", "/dev/vfio/30")],
    byVm('the VM "qemu-system-x86" (process 4711, which has /dev/vfio/30 open) has 0000:04:00.1 now'),
  ),
  running(
    "a part of the IOMMU group of a VM of Proxmox",
    "qemu-server 8, PVE/QemuServer/Helpers.pm: /var/run/qemu-server/<number>.pid",
    "04:00.1",
    [
      opened(4711, "kvm", "anon_inode:kvm-vm"),
      opened(4711, "kvm", "/dev/vfio/30"),
      "vm 4711 /var/run/qemu-server/100.pid",
    ],
    byVm('the VM "100" (process 4711'),
  ),
  running(
    "a part of the IOMMU group of a VM while libvirt is silent",
    "libvirt 9.0, src/qemu/qemu_process.c: the pid file is in the state folder",
    "04:00.1",
    [
      opened(4711, "qemu-system-x86", "anon_inode:kvm-vm"),
      opened(4711, "qemu-system-x86", "/dev/vfio/30"),
      "vm 4711 /var/run/libvirt/qemu/web.pid",
    ],
    byVm('the VM "web" (process 4711'),
  ),
  running(
    "a physical function while a VM has its virtual function, on a variant of vfio-pci, by iommufd",
    `${IOMMUFD}; ${CARRIED}`,
    "06:00.0",
    [
      opened(5, "cloud-hyperviso", "anon_inode:kvm-vm"),
      opened(5, "cloud-hyperviso", "/dev/vfio/devices/vfio0", "/sys/devices/pci0000:00/0000:06:10.0"),
    ],
    byVm('the VM "cloud-hyperviso" (process 5, which has /dev/vfio/devices/vfio0 open) has 0000:06:10.0 now'),
  ),
  running("a physical function whose virtual functions nobody has open", CARRIED, "06:00.0", [
    opened(4711, "qemu-system-x86", "anon_inode:kvm-vm"),
  ]),
  running("a device while other VMs run", VFIO, "06:00.0", [
    opened(4711, "qemu-system-x86", "anon_inode:kvm-vm"),
    opened(4711, "qemu-system-x86", "/dev/vfio/12"),
  ]),
  running("a NIC that a driver of the host serves, of a host that does not list its processes", VFIO, "04:00.1", [
    "unlisted",
  ]),
  running(
    "a GPU, of a host that does not list its processes",
    NVIDIA,
    GPU,
    ["unlisted"],
    byProcess(
      '0000:01:00.0 (3D controller: NVIDIA) may be in use by a process: the host did not list within 30 s what its processes have open. Run "ls -l /proc/[0-9]*/fd" on the host to see why. If this is intended, add allow: ["in-use-by-process"]',
    ),
  ),
  running(
    "a display, of a host that does not list its processes",
    DRM,
    "00:08.0",
    ["unlisted"],
    byProcess("0000:00:08.0 (VGA: Intel Corporation) may be in use by a process"),
  ),
  running(
    "a NIC that DPDK may have open, of a host that does not list its processes",
    UIO,
    "05:00.0",
    ["unlisted"],
    byProcess("0000:05:00.0 (Ethernet: Intel) may be in use by a process"),
  ),
  running(
    "a virtual function on vfio-pci goes with its device, of a host that does not list its processes",
    VFIO,
    "06:00.0",
    ["unlisted"],
    byVm("a running VM may have 0000:06:10.0: the host did not list its processes within 30 s"),
  ),
];
