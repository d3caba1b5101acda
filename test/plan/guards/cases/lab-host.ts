import type { Situation } from "../situation";

/** The lab host with what `test/contract/devices-in-use.ts` puts on it. */
const inUse = (title: string, declares: string, ...refused: Situation["refused"]): Situation => ({
  title,
  source: "the lab host: Debian 12, Xen 4.17, lvm2 2.03.16",
  recorded: "debian12-xen4.17-in-use",
  answers: {},
  declares,
  refused,
});

export const LAB_HOST: readonly Situation[] = [
  inUse(
    "a multipath NVMe disk with a logical volume that nothing mounts and a guest has",
    "03:00.0",
    ["mounted-storage", "carries nvme0n1, which the host uses for the logical volume vg0-web. Take the disk out of it"],
    ["mounted-storage", 'carries /dev/vg0/web, which is a disk of the VM "web". Remove it there first'],
  ),
  inUse("a NIC under a bridge with a guest on it", "01:00.1", [
    "host-network",
    "is the network interface enp1s0f1, which xenbr0 sends through for guests (vif1.0): the host would lose it",
  ]),
  inUse(
    "a USB controller with a mounted stick and a keyboard",
    "02:00.0",
    ["mounted-storage", "carries sda, which the host uses for /media/stick. Unmount it first"],
    ["console-input", 'has the keyboard "QEMU QEMU USB Keyboard": the host would have no keyboard'],
  ),
  inUse("the NIC beside the one under the bridge", "01:00.0"),
];
