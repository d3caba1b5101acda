import { mountCommands } from "../commands/mounts";
import type { PciFunctionData } from "../kernel/pci-bus";
import type { Machine, Profile } from "../machine";
import { debianXl } from "./debian-xl";

/** The configuration of the guest that uses the disk and the network card; the lab host has it too. */
export const WEB_CONFIG = `name = "web"
uuid = "5f1a0004-6c61-4b00-8000-000000000004"
kernel = "/root/vmlinuz-guest"
ramdisk = "/root/guest.img"
extra = "console=hvc0"
memory = 128
vcpus = 1
disk = [ 'phy:/dev/vg0/web,xvda,w' ]
vif = [ 'bridge=xenbr0' ]
`;

const USB = "/sys/devices/pci0000:00/0000:00:06.0/0000:02:00.0";
const STICK = "usb2/2-2/2-2:1.0/host0/target0:0:0/0:0:0:0/block/sda";
const KEYBOARD = "usb1/1-1/1-1:1.0/0003:0627:0001.0001/input/input5";
const NVME_DISK = "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1";
const VOLUME = "LVM-oNtlAlKnBt5tHQHwmzfZMyjwE1owt3LpKuGNKfiMzySKE5fc4X8ajLAzOWoxFlh0";

/** What is below the functions of debian-xl beside what it has: function, driver -> devices. */
const MORE_CHILDREN: Readonly<Record<string, NonNullable<PciFunctionData["children"]>>> = {
  "0000:02:00.0": {
    xhci_hcd: [
      { path: STICK, class: "block", files: { dev: "8:0\n", size: "131072\n" } },
      {
        path: KEYBOARD,
        input: `I: Bus=0003 Vendor=0627 Product=0001 Version=0111
N: Name="QEMU QEMU USB Keyboard"
P: Phys=usb-0000:02:00.0-1/input0
S: Sysfs=${USB.slice("/sys".length)}/${KEYBOARD}
U: Uniq=68284-0000:00:06.0:00.0-1
H: Handlers=sysrq kbd leds event4 
B: PROP=0
B: EV=120013
B: KEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe
B: MSC=10
B: LED=1f
`,
      },
    ],
  },
  "0000:03:00.0": {
    nvme: [
      {
        path: "/sys/devices/virtual/block/dm-0",
        class: "block",
        files: { dev: "253:0\n", size: "32768\n", "dm/name": "vg0-web\n", "dm/uuid": `${VOLUME}\n` },
        links: { "slaves/nvme0n1": NVME_DISK },
      },
    ],
  },
};

/** udev's database of block devices: number -> what it knows (systemd 252). */
const UDEV: Readonly<Record<string, string>> = {
  "253:0": `S:mapper/vg0-web
S:vg0/web
S:disk/by-id/dm-name-vg0-web
`,
  "254:1": `S:disk/by-label/root
E:ID_FS_LABEL=root
E:ID_FS_TYPE=ext4
`,
  "259:1": `S:disk/by-path/pci-0000:03:00.0-nvme-1
E:ID_FS_TYPE=LVM2_member
`,
  "8:0": `S:disk/by-path/pci-0000:02:00.0-usb-0:2:1.0-scsi-0:0:0:0
E:ID_FS_TYPE=ext4
`,
};

/**
 * The lab host with its devices in use (test/lab/devices-in-use.ts): the NVMe disk is the volume group vg0, whose volume
 * is the disk of the guest web; 01:00.1 is a port of the bridge xenbr0; the USB controller has a stick and a keyboard.
 */
export const debianXlInUse: Profile = {
  ...debianXl,
  name: "debian-xl-in-use",
  kernel: {
    ...debianXl.kernel,
    pci: debianXl.kernel.pci.map((function_) => ({
      ...function_,
      children: joined(function_.children, MORE_CHILDREN[function_.address]),
    })),
  },
  network: {
    ...debianXl.network,
    bridges: { xenbr0: ["enp1s0f1"] },
    interfaces: [...debianXl.network.interfaces, { name: "xenbr0", addresses: ["fe80::5481:f7ff:fe10:8d68/64"] }],
  },
  files: {
    ...debianXl.files,
    "/etc/xen/web.cfg": WEB_CONFIG,
  },
  folders: [...debianXl.folders, "/media/stick"],
  commands: { ...debianXl.commands, ...mountCommands },
  async boot(machine) {
    await debianXl.boot(machine);
    writeUdevDatabase(machine);
  },
};

/** udev starts it anew at every boot. */
function writeUdevDatabase({ files }: Machine): void {
  for (const [number, text] of Object.entries(UDEV)) files.plant(`/run/udev/data/b${number}`, text);
}

function joined(
  children: PciFunctionData["children"] = {},
  more: PciFunctionData["children"] = {},
): NonNullable<PciFunctionData["children"]> {
  const drivers = [...new Set([...Object.keys(children), ...Object.keys(more)])];
  return Object.fromEntries(drivers.map((driver) => [driver, [...(children[driver] ?? []), ...(more[driver] ?? [])]]));
}
