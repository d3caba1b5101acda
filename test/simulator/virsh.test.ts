import { type SimulatedHost, startSimulatedHost } from "../../simulator";

let host: SimulatedHost;
beforeAll(async () => {
  host = await startSimulatedHost({ name: "kvm1", profile: "debian-kvm" });
  const hostdev = (managed: string) =>
    `<hostdev mode='subsystem' type='pci' managed='${managed}'><source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></hostdev>`;
  host.writeFile("/root/yes.xml", hostdev("yes"));
  host.writeFile("/root/no.xml", hostdev("no"));
});
afterAll(() => host.stop());

const VIRSH = "virsh -c qemu:///system";

/** What the real lab host printed (libvirt 9.0, KVM), one after another. */
const seen: readonly [string, string][] = [
  [`${VIRSH} dominfo nope`, "error: failed to get domain 'nope'\n\n= 1"],
  [
    `${VIRSH} attach-device web /root/yes.xml --live`,
    "error: Failed to attach device from /root/yes.xml\nerror: Requested operation is not valid: domain is not running\n\n= 1",
  ],
  [`${VIRSH} attach-device web /root/yes.xml --config`, "Device attached successfully\n\n= 0"],
  [
    `${VIRSH} attach-device web /root/no.xml --config`,
    "error: Failed to attach device from /root/no.xml\nerror: Requested operation is not valid: device is already in the domain configuration\n\n= 1",
  ],
  [`${VIRSH} detach-device web /root/no.xml --config`, "Device detached successfully\n\n= 0"],
  [
    `${VIRSH} detach-device web /root/no.xml --config`,
    "error: Failed to detach device from /root/no.xml\nerror: device not found: device not present in domain configuration\n\n= 1",
  ],
  [`${VIRSH} start web`, "Domain 'web' started\n\n= 0"],
  [
    `${VIRSH} attach-device web /root/yes.xml --live`,
    "error: Failed to attach device from /root/yes.xml\nerror: internal error: unable to execute QEMU command 'device_add': vfio 0000:01:00.0: group 8 is not viable\n\n= 1",
  ],
  ["basename $(readlink /sys/bus/pci/devices/0000:01:00.0/driver)", "e1000e\n= 0"],
  [`${VIRSH} nodedev-detach pci_0000_01_00_1`, "Device pci_0000_01_00_1 detached\n\n= 0"],
  ["cat /sys/bus/pci/devices/0000:01:00.1/driver_override", "vfio-pci\n= 0"],
  [
    `${VIRSH} attach-device web /root/no.xml --live`,
    "error: Failed to attach device from /root/no.xml\nerror: Requested operation is not valid: Unmanaged PCI device 0000:01:00.0 must be manually detached from the host\n\n= 1",
  ],
  [`${VIRSH} attach-device web /root/yes.xml --live --config`, "Device attached successfully\n\n= 0"],
  [
    `${VIRSH} nodedev-reattach pci_0000_01_00_0`,
    "error: Failed to re-attach device pci_0000_01_00_0\nerror: Requested operation is not valid: PCI device 0000:01:00.0 is in use by driver QEMU, domain web\n\n= 1",
  ],
  [`${VIRSH} detach-device web /root/no.xml --live --config`, "Device detached successfully\n\n= 0"],
  ["basename $(readlink /sys/bus/pci/devices/0000:01:00.0/driver)", "e1000e\n= 0"],
  [
    `${VIRSH} detach-device web /root/yes.xml --live`,
    "error: Failed to detach device from /root/yes.xml\nerror: device not found: host pci device 0000:01:00.0 not found\n\n= 1",
  ],
  [`${VIRSH} destroy web`, "Domain 'web' destroyed\n\n= 0"],
  [`${VIRSH} nodedev-reattach pci_0000_01_00_1`, "Device pci_0000_01_00_1 re-attached\n\n= 0"],
  ["cat /sys/bus/pci/devices/0000:01:00.1/driver_override", "(null)\n= 0"],
  [
    `${VIRSH} nodedev-detach pci_0000_01_00_7`,
    "error: Could not find matching device 'pci_0000_01_00_7'\nerror: Node device not found: no node device with matching name 'pci_0000_01_00_7'\n\n= 1",
  ],
  [
    `${VIRSH} nodedev-detach --driver pci-stub pci_0000_01_00_0`,
    "error: Failed to detach device pci_0000_01_00_0\nerror: invalid argument: unknown driver name 'pci-stub'\n\n= 1",
  ],
];

test("virsh says and does what it was seen to on the real host", async () => {
  for (const [command, said] of seen) {
    const { stdout, stderr, exitCode } = await host.exec(command);
    expect([command, `${stderr}${stdout}= ${exitCode}`]).toEqual([command, said]);
  }
}, 600_000);
