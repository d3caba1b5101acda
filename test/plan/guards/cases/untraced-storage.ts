import type { Situation } from "../situation";
import { blockDevice, blockDevices, mountedElsewhere, onServer, ROOT } from "./storage-server";

const NFS_ROOT = "Linux 6.1, Documentation/admin-guide/nfs/nfsroot.rst";
const CLASSES = "PCI Code and ID Assignment Specification 1.11";

/** `/` on something whose device nothing tells. */
const LOST_ROOT = mountedElsewhere("/", "ext4", "/dev/root");
const mayCarry = (device: string, what: string): Situation =>
  onServer(`a root that cannot be traced: ${what}`, CLASSES, [LOST_ROOT], device, [
    "boot-device",
    "may carry / of the host, which could not be traced to a device: the host cannot run without it",
  ]);
const networkRoot = (type: string, source: string): readonly Situation[] => [
  onServer(`a root over ${type}: a NIC`, NFS_ROOT, [mountedElsewhere("/", type, source)], "05:00.0", [
    "boot-device",
    "may carry / of the host",
  ]),
  onServer(`a root over ${type}: a disk`, NFS_ROOT, [mountedElsewhere("/", type, source)], "04:00.0"),
];
const SESSION = "platform/host10/session1/target10:0:0/10:0:0:0/block";

export const UNTRACED_STORAGE: readonly Situation[] = [
  mayCarry("00:17.0", "SATA"),
  mayCarry("03:00.0", "SAS"),
  mayCarry("04:00.0", "NVMe"),
  mayCarry("00:14.0", "USB"),
  mayCarry("00:1a.0", "SD"),
  mayCarry("00:0e.0", "VMD"),
  onServer("a root that cannot be traced: not sound", CLASSES, [LOST_ROOT], "00:1f.3"),
  onServer("a root that cannot be traced: not a NIC", CLASSES, [LOST_ROOT], "05:00.0"),
  onServer(
    "a root in memory needs no disk (Alpine, diskless)",
    "mkinitfs 3.8, initramfs-init.in: the root is a tmpfs",
    [mountedElsewhere("/", "tmpfs", "tmpfs")],
    "04:00.0",
  ),
  ...networkRoot("nfs", "10.0.0.5:/srv/root"),
  ...networkRoot("nfs4", "10.0.0.5:/srv/root"),
  ...networkRoot("cifs", "//10.0.0.5/root"),
  ...networkRoot("ceph", "10.0.0.5:6789:/"),
  onServer(
    "a root over iSCSI",
    "Linux 6.1, drivers/scsi/scsi_transport_iscsi.c: session<number> is the parent of the target",
    [blockDevice("sdx", SESSION), mountedElsewhere("/", "ext4", "/dev/sdx")],
    "05:00.0",
    ["boot-device", "may carry / of the host"],
  ),
  onServer(
    "a data disk over iSCSI takes no NIC by itself",
    "Linux 6.1, drivers/scsi/scsi_transport_iscsi.c",
    [ROOT, blockDevice("sdx", SESSION), mountedElsewhere("/srv", "ext4", "/dev/sdx")],
    "05:00.0",
  ),
  onServer(
    "a root on a network block device",
    "Linux 6.1, Documentation/admin-guide/blockdev/nbd.rst",
    [blockDevice("nbd0"), mountedElsewhere("/", "ext4", "/dev/nbd0")],
    "05:00.0",
    ["boot-device", "may carry / of the host"],
  ),
  onServer(
    "a root on Ceph's block device",
    "Linux 6.1, drivers/block/rbd.c",
    [blockDevice("rbd0"), mountedElsewhere("/", "ext4", "/dev/rbd0")],
    "05:00.0",
    ["boot-device", "may carry / of the host"],
  ),
  onServer(
    "a root on NVMe over TCP",
    "Linux 6.1, drivers/nvme/host/fabrics.c: the class nvme-fabrics",
    [blockDevice("nvme5n1", "virtual/nvme-fabrics/ctl/nvme5"), mountedElsewhere("/", "ext4", "/dev/nvme5n1")],
    "05:00.0",
    ["boot-device", "may carry / of the host"],
  ),
  onServer(
    "a ZFS root whose pool no disk names",
    "Proxmox VE 8 installer: rpool/ROOT/pve-1",
    [mountedElsewhere("/", "zfs", "rpool/ROOT/pve-1")],
    "00:17.0",
    ["boot-device", "may carry / of the host"],
  ),
  onServer(
    "a mounted file system whose device is gone",
    "Linux 6.1: a mount outlives its unplugged disk",
    [ROOT, "mount 30 1 8:208 / /media/stick rw - ext4 /dev/sdn rw"],
    "03:00.0",
    ["mounted-storage", "may carry /media/stick of the host"],
  ),
  onServer("swap that cannot be traced", "Linux 6.1, mm/swapfile.c", [ROOT, "swap /dev/gone partition"], "04:00.0", [
    "boot-device",
    "may carry swap of the host",
  ]),
  onServer(
    "a root that is an overlay over nothing that is known",
    "Linux 6.1, fs/overlayfs/super.c",
    [blockDevices("nvme0n1"), mountedElsewhere("/", "overlay", "overlay", "lowerdir=/old/root")],
    "04:00.0",
    ["boot-device", "may carry / of the host"],
  ),
];
