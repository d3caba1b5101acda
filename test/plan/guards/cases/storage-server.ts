import { pciAnswer } from "../pci-answer";
import type { Answers, Situation } from "../situation";

const VMD = "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0";

const PCI = pciAnswer([
  { path: "pci0000:00/0000:00:00.0", class: "060000", driver: "skl_uncore", label: "Host bridge: Intel Corporation" },
  { path: "pci0000:00/0000:00:0e.0", class: "010400", driver: "vmd", label: "RAID bus controller: Intel Corporation" },
  { path: VMD.replace(/.10000:e1:00.0/, ""), class: "060400", driver: "pcieport", label: "PCI bridge: Intel Corp." },
  { path: VMD, class: "010802", driver: "nvme", label: "Non-Volatile memory controller: Intel Corporation" },
  { path: "pci0000:00/0000:00:14.0", class: "0c0330", driver: "xhci_hcd", label: "USB controller: Intel Corporation" },
  { path: "pci0000:00/0000:00:17.0", class: "010601", driver: "ahci", label: "SATA controller: Intel Corporation" },
  { path: "pci0000:00/0000:00:1a.0", class: "080501", driver: "sdhci-pci", label: "SD Host controller: Intel Corp." },
  { path: "pci0000:00/0000:00:1f.3", class: "040300", driver: "snd_hda_intel", label: "Audio device: Intel Corp." },
  { path: "pci0000:00/0000:00:1b.0", class: "060400", driver: "pcieport", label: "PCI bridge: Intel Corporation" },
  { path: "pci0000:00/0000:00:1b.0/0000:03:00.0", class: "010700", driver: "mpt3sas", label: "SAS controller: LSI" },
  { path: "pci0000:00/0000:00:1c.0", class: "060400", driver: "pcieport", label: "PCI bridge: Intel Corporation" },
  { path: "pci0000:00/0000:00:1c.0/0000:04:00.0", class: "010802", driver: "nvme", label: "NVMe: Samsung" },
  { path: "pci0000:00/0000:00:1d.0", class: "060400", driver: "pcieport", label: "PCI bridge: Intel Corporation" },
  { path: "pci0000:00/0000:00:1d.0/0000:05:00.0", class: "020000", driver: "igb", label: "Ethernet controller: Intel" },
]);

const ON: Readonly<Record<string, string>> = {
  sda: "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block",
  sdb: "pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0/block",
  sdc: "pci0000:00/0000:00:1b.0/0000:03:00.0/host6/port-6:0/end_device-6:0/target6:0:0/6:0:0:0/block",
  sdd: "pci0000:00/0000:00:1b.0/0000:03:00.0/host6/port-6:1/end_device-6:1/target6:0:1/6:0:1:0/block",
  sdu: "pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.0/host9/target9:0:0/9:0:0:0/block",
  mmcblk0: "pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/block",
  nvme0n1: "pci0000:00/0000:00:1c.0/0000:04:00.0/nvme/nvme0",
  nvme1n1: `${VMD}/nvme/nvme1`,
};

const number = (name: string) => `8:${[...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 9973}`;

/**
 * A disk, partition or mapping of the server as its kernel shows it: a link and a number. `folder` is where one that
 * the server lacks is in /sys/devices.
 */
export function blockDevice(name: string, folder = "virtual/block"): string {
  const disk = Object.keys(ON).find((start) => name.startsWith(start));
  const path = disk ? `${ON[disk]}/${disk}${name === disk ? "" : `/${name}`}` : `${folder}/${name}`;
  return `/sys/class/block/${name} -> /sys/devices/${path}\n/sys/class/block/${name}/dev:${number(name)}`;
}

/** Several of them. */
export function blockDevices(...names: readonly string[]): string {
  return names.map((name) => blockDevice(name)).join("\n");
}

/** A device of the device mapper. */
export function mapping(name: string, mapped: string, uuid: string): string {
  const folder = `/sys/class/block/${name}/dm`;
  return `${blockDevice(name)}\n${folder}/name:${mapped}\n${folder}/uuid:${uuid}`;
}

/** What says that the first device is made of the second. */
export function above(name: string, lower: string): string {
  return `/sys/class/block/${name}/slaves/${lower}`;
}

/** What udev's database holds about a device (systemd, src/libsystemd/sd-device/device-private.c). */
export function udev(name: string, type: string, label = "", inDev = `disk/by-path/${name}`): string {
  const file = `/run/udev/data/b${number(name)}`;
  return [`S:${inDev}`, `E:ID_FS_TYPE=${type}`, ...(label ? [`E:ID_FS_LABEL=${label}`] : [])]
    .map((property) => `${file}:${property}`)
    .join("\n");
}

/** A line of mountinfo for a file system on a block device of the server. */
export function mounted(name: string, point: string, type = "ext4", source = `/dev/${name}`): string {
  return `mount 25 1 ${number(name)} / ${point} rw,relatime shared:1 - ${type} ${source} rw`;
}

/** A line of mountinfo for a file system without a block device of its own. */
export function mountedElsewhere(point: string, type: string, source: string, options = "rw"): string {
  return `mount 26 1 0:31 / ${point} rw,relatime shared:2 - ${type} ${source} ${options}`;
}

/** The root file system of the server: on the first disk of the SATA controller 00:17.0. */
export const ROOT = `${blockDevice("sda")}\n${blockDevice("sda2")}\n${mounted("sda2", "/")}`;

/**
 * A server with disks on SATA (00:17.0: sda, sdb), SAS (03:00.0: sdc, sdd), NVMe (04:00.0: nvme0n1), VMD (00:0e.0, with
 * 10000:e1:00.0: nvme1n1), USB (00:14.0: sdu) and SD (00:1a.0: mmcblk0), a NIC (05:00.0) and sound (00:1f.3).
 */
export function server(...storage: readonly string[]): Answers {
  return {
    pci_devices: PCI,
    storage: storage.join("\n"),
    console: "",
    network: `/sys/class/net/mgmt0 -> /sys/devices/pci0000:00/0000:00:1f.6/net/mgmt0
2: mgmt0    inet 10.0.2.15/24 brd 10.0.2.255 scope global mgmt0`,
  };
}

/** A situation of the server, with this in its answer to the question for storage. */
export function onServer(
  title: string,
  source: string,
  storage: readonly string[],
  declares: string,
  ...refused: Situation["refused"]
): Situation {
  return { title, source, answers: server(...storage), declares, refused };
}
