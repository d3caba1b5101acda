import type { HostFacts } from "../../provider/facts/host-facts";
import { planPresent } from "../../provider/plan/kinds/kinds";
import type { Wish } from "../../provider/plan/wish";
import { attach } from "./attach-wish";
import { hide } from "./hide-wish";
import { kvm } from "./kvm-host";
import { LAB, ownedBy } from "./recorded-host";

const NIC = "01:00.0";
const KVM = kvm([]);

function machine(more: Partial<HostFacts["machine"]>): HostFacts {
  return { ...LAB, machine: { ...LAB.machine, ...more } };
}

/** What a newcomer reads first of a host that is not ready, word by word. */
const refused: readonly (readonly [string, HostFacts, Wish, string])[] = [
  [
    "a VM is taken for a host",
    machine({ isDomU: true }),
    hide(NIC),
    "it is itself a VM on Xen (a domU), which has no devices to give to VMs. Name the Xen host that it runs on, whose control domain is dom0",
  ],
  [
    "a host without an id",
    machine({ id: undefined }),
    hide(NIC),
    'it has no /etc/machine-id, which identifies the host in the state. Create one: "systemd-machine-id-setup" or "dbus-uuidgen --ensure"',
  ],
  [
    "a host without a program",
    machine({ missingCommands: ["flock", "dd"] }),
    hide(NIC),
    "it lacks flock, dd. Install the missing programs",
  ],
  [
    "a Linux that runs neither Xen nor libvirt",
    { ...KVM, libvirt: undefined },
    attach(NIC, "web"),
    'it runs Linux 6.1.0-56-amd64 without Xen (/sys/hypervisor/type is not "xen"), and it has no virsh. Install libvirt and start it: apt install libvirt-daemon-system libvirt-clients, or dnf install libvirt; then systemctl start libvirtd (virtqemud or virtxend where the daemons are separate). For VMs on Xen, boot the host with Xen instead',
  ],
  [
    "a way to hide that is for KVM, on Xen",
    LAB,
    hide(NIC, { mechanism: "driver-override" }),
    'the mechanism "driver-override" is for hosts with KVM, and this one runs on Xen. Name another mechanism, or remove `mechanism`',
  ],
  [
    "a stub driver that is for KVM, on Xen",
    LAB,
    hide(NIC, { driver: "vfio-pci" }),
    'driver "vfio-pci" is for KVM hosts, and this host runs on Xen, whose stub driver is pciback. Remove `driver`',
  ],
  [
    "a kernel without pciback",
    { ...LAB, pciback: { ...LAB.pciback, kind: undefined } },
    hide(NIC, { mechanism: "modprobe" }),
    "its kernel 6.1.0-56-amd64 has no xen-pciback, neither as a module nor built in. Install a kernel that has it",
  ],
];

test.each(refused)("%s", (_, facts, wish, message) => {
  expect(planPresent(facts, wish, ownedBy("dev", "token")).refusals.map((refusal) => refusal.message)).toEqual([
    message,
  ]);
});
