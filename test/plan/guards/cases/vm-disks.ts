import { posixChecksum } from "../../../../provider/facts/checksum";
import type { Situation } from "../situation";
import { blockDevices, mapping, ROOT, server, udev } from "./storage-server";

const XL = "xen 4.17, docs/man/xl-disk-configuration.5.pod.in";
const XM = "xen 4.1, docs/man/xmdomain.cfg.pod.5";
const BY_ID = "disk/by-id/nvme-Samsung_SSD_980_S64D";

/** A VM of xl with a disk that is written like this, on a server whose NVMe disk has nothing that tells. */
const disk = (title: string, source: string, written: string, path: string | undefined): Situation =>
  inFile(title, source, `name = "web"\nmemory = 512\ndisk = [ '${written}' ]\n`, path);

/** The same of a VM whose file has this text. */
const inFile = (title: string, source: string, text: string, path: string | undefined, vm = "web"): Situation => {
  const lines = text.trimEnd().split("\n");
  return {
    title,
    source,
    answers: {
      ...server(
        ROOT,
        blockDevices("nvme0n1", "nvme0n1p1", "sdc"),
        udev("nvme0n1", "", "", BY_ID),
        mapping("dm-9", "crypt", "x"),
      ),
      files: [
        "vm-config /etc/xen/web.cfg",
        "file /etc/xen/web.cfg",
        `${posixChecksum(text)} ${text.length}`,
        "/etc/xen/web.cfg",
        ...lines.map((line) => `>${line}`),
        "",
      ].join("\n"),
    },
    declares: "04:00.0",
    refused:
      path === undefined
        ? []
        : [["mounted-storage", `carries ${path}, which is a disk of the VM "${vm}". Remove it there`]],
  };
};

const RUNNING = `list Name                                        ID   Mem VCPUs\tState\tTime(s)
list Domain-0                                     0  1536     2     r-----      64.2
list web                                          4   512     1     -b----       3.1
[
    {
        "domid": 4,
        "config": {
            "c_info": { "type": "pv", "name": "web" },
            "disks": [ { "pdev_path": "/dev/nvme0n1p1", "vdev": "xvda", "backend": "phy", "format": "raw" } ]
        }
    }
]`;

/** The beginning of what that host prints. */
const CUT_OFF = RUNNING.slice(0, RUNNING.lastIndexOf("}"));

const LIBVIRT_UUID = "34138775-b440-45f8-883a-f2520e0acbf2";

/** A VM of libvirt that is off and has this disk. */
const ofLibvirt = (title: string, xml: string, ...refused: Situation["refused"]): Situation => ({
  title,
  source: "libvirt 9.0, docs/formatdomain.rst, Hard drives, floppy disks, CDROMs",
  recorded: "debian12-kvm",
  answers: {
    ...server(ROOT, blockDevices("nvme0n1", "nvme0n1p1", "sdc")),
    pci_devices: withGroups(),
    libvirt: [
      "uri qemu:///system",
      "said Using library: libvirt 9.0.0",
      `said ${LIBVIRT_UUID}`,
      "info Id:             -",
      "info Name:           web",
      `info UUID:           ${LIBVIRT_UUID}`,
      "info State:          shut off",
      "info Persistent:     yes",
      // The configuration, and what is current, which is the same while the VM is off.
      ...["", ""].flatMap(() => [
        "xml <domain type='kvm'>",
        `xml   <name>web</name><uuid>${LIBVIRT_UUID}</uuid><devices>${xml}</devices>`,
        "xml </domain>",
      ]),
    ].join("\n"),
  },
  declares: "04:00.0",
  refused,
});

// vfio-pci asks for a group of each function.
function withGroups(): string {
  const { pci_devices = "" } = server();
  const addresses = [...pci_devices.matchAll(/(\/sys\/bus\/pci\/devices\/\S+)\/driver/g)].map(
    ([, folder = ""]) => folder,
  );
  const groups = addresses.map((folder, index) => `${folder}/iommu_group -> /sys/kernel/iommu_groups/${index}`);
  return [pci_devices, ...groups].join("\n");
}

export const VM_DISKS: readonly Situation[] = [
  disk("a whole disk of a VM, by position", XL, "/dev/nvme0n1,raw,xvda,rw", "/dev/nvme0n1"),
  disk("a partition of a VM", XL, "/dev/nvme0n1p1,,xvda", "/dev/nvme0n1p1"),
  disk("a disk of a VM, by key", XL, "format=raw, vdev=xvda, access=rw, target=/dev/nvme0n1", "/dev/nvme0n1"),
  disk("a disk of a VM, as phy:", XM, "phy:/dev/nvme0n1,xvda,w", "/dev/nvme0n1"),
  disk("a disk of a VM, as phy: without /dev", XM, "phy:nvme0n1p1,xvda,w", "/dev/nvme0n1p1"),
  disk("a disk of a VM, by a link of udev", XL, `phy:/dev/${BY_ID},xvda,w`, `/dev/${BY_ID}`),
  inFile(
    "a disk of a VM whose file only Python reads",
    "xen 4.1, tools/examples/xmexample.hvm",
    "import os, re\narch = os.uname()[4]\nname = \"web\"\ndisk = [ 'phy:nvme0n1,hda,w' ]\n",
    "/dev/nvme0n1",
  ),
  inFile(
    "a disk of a VM whose file can be anything",
    "xen 4.1, tools/python/xen/xm/opts.py: execfile",
    "# 'phy:sdc,hda,w'\nexec('pci = []')\nname = \"web\"\ndisk = [ 'phy:nvme0n1,hda,w' ]\n",
    "/dev/nvme0n1",
    "/etc/xen/web.cfg",
  ),
  disk("the disk of a VM on another controller", XL, "/dev/sdc,raw,xvda,rw", undefined),
  disk("an image of a VM, which lies on a mount", XL, "file:/srv/web.img,xvda,w", undefined),
  disk("a disk of a VM that is not there", XL, "/dev/vg9/web,raw,xvda,rw", undefined),
  {
    title: "a disk of a running VM whose file is gone",
    source: "xen 4.17, tools/xl/xl_list.c, list_domains_details(): libxl_domain_config as JSON",
    answers: { ...server(ROOT, blockDevices("nvme0n1", "nvme0n1p1")), domains: RUNNING },
    declares: "04:00.0",
    refused: [["mounted-storage", 'carries /dev/nvme0n1p1, which is a disk of the VM "web".']],
  },
  {
    title: "a disk without use, where xl does not list the running VMs",
    source: "xen 4.17: xl aborts now and then (seen in the lab)",
    answers: { ...server(ROOT, blockDevices("nvme0n1", "nvme0n1p1")), domains: CUT_OFF },
    declares: "04:00.0",
    refused: [["mounted-storage", 'carries nvme0n1, which a VM may have: "xl list -l" printed a list that is']],
  },
  {
    title: "a disk without use, where the VM configurations could not be read",
    source: "linux, nfs(5): a hard mount waits for its server without end",
    answers: {
      ...server(ROOT, blockDevices("nvme0n1", "nvme0n1p1")),
      files: "vm-config /mnt/vms/web.cfg\nvm-configs-unread",
    },
    declares: "04:00.0",
    refused: [["mounted-storage", "carries nvme0n1, which a VM may have: its VM configurations could not be found"]],
  },
  {
    title: "a NIC, where xl does not list the running VMs",
    source: "xen 4.17: xl aborts now and then (seen in the lab)",
    answers: { ...server(ROOT, blockDevices("nvme0n1")), domains: CUT_OFF },
    declares: "05:00.0",
    refused: [],
  },
  ofLibvirt(
    "a disk of a VM of libvirt",
    "<disk type='block' device='disk'><source dev='/dev/nvme0n1'/><target dev='vda'/></disk>",
    ["mounted-storage", 'carries /dev/nvme0n1, which is a disk of the VM "web".'],
  ),
  ofLibvirt(
    "a disk of a VM of libvirt, as a file in /dev",
    "<disk type='file' device='disk'><source file='/dev/nvme0n1p1'/><target dev='vda'/></disk>",
    ["mounted-storage", 'carries /dev/nvme0n1p1, which is a disk of the VM "web".'],
  ),
  ofLibvirt(
    "a disk of a VM of libvirt below an overlay",
    "<disk type='file' device='disk'><source file='/srv/a.qcow2'/><backingStore type='block'><source dev='/dev/nvme0n1'/></backingStore><target dev='vda'/></disk>",
    ["mounted-storage", 'carries /dev/nvme0n1, which is a disk of the VM "web".'],
  ),
  ofLibvirt(
    "an image of a VM of libvirt",
    "<disk type='file' device='disk'><source file='/srv/a.img'/><target dev='vda'/></disk>",
  ),
];
