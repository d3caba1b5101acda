import { connectionPool } from "../../provider/host/connection-pool";
import { bootLab } from "../lab/lab-host";
import { Deployment } from "./deployment";
import { defineGuest } from "./libvirt";
import { driverOf, output, type TestHost } from "./test-host";

const MINUTES_30 = 30 * 60_000;
const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";
const VIRSH = "virsh -c xen:///system";
const GUEST = `<domain type='xen'>
  <name>contract</name>
  <memory unit='KiB'>131072</memory>
  <vcpu>1</vcpu>
  <os>
    <type>linux</type>
    <kernel>/root/vmlinuz-guest</kernel>
    <initrd>/root/guest.img</initrd>
    <cmdline>console=hvc0</cmdline>
  </os>
  <devices>
    <console type='pty'/>
  </devices>
</domain>
`;

// Under QEMU's emulation of Xen a program of the host crashes now and then; what fails twice is ours.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

let host: TestHost;
beforeAll(async () => {
  const lab = await bootLab({
    mode: "xen",
    // Under which libvirt's Xen driver starts.
    processor: "Skylake-Client",
    prepare: defineGuest(VIRSH, GUEST),
  });
  host = { ...lab, toolstack: "libvirt" };
}, MINUTES_30);
afterAll(async () => {
  await connectionPool.closeAll();
  await host?.stop();
}, MINUTES_30);

const inactive = () => output(host, `${VIRSH} dumpxml --inactive contract`);

test(
  "a device is kept by pciback through libvirt, and goes back to its driver for good",
  async () => {
    const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await output(host, "xl pci-assignable-list")).toContain(NIC);
    await new Deployment(host).delete(nic);
    expect(await driverOf(host, NIC)).toBe("e1000e");
    expect(await output(host, "cat /sys/bus/pci/drivers/pciback/slots")).not.toContain(NIC);
  },
  MINUTES_30,
);

test(
  "a VM gets one device at its start and another while it runs, and both are given back",
  async () => {
    const before = await inactive();
    const slot = await new Deployment(host).create("AssignableDevice", { device: "0000:01:00" });
    const first = await new Deployment(host).create("VmPciAttachment", { device: NIC, vm: "contract" });
    expect(first.outs).toMatchObject({ configured: true, active: false, pending: "none" });
    const hostdev = /^ {4}<hostdev mode='subsystem' type='pci' managed='no'>[\s\S]*?<\/hostdev>\n/m;
    expect((await inactive()).replace(hostdev, "")).toBe(before);

    await output(host, `${VIRSH} start contract`);
    await output(host, "until grep -q 0x8086:0x10d3 /var/log/xen/console/guest-contract.log; do sleep 2; done");
    expect((await new Deployment(host).read(first))?.outs).toMatchObject({ active: true });
    const second = await new Deployment(host).create("VmPciAttachment", {
      device: OTHER_NIC,
      vm: "contract",
      permissive: true,
    });
    expect(second.outs).toMatchObject({ configured: true, active: true });
    expect(await inactive()).toContain("writeFiltering='no'");
    expect(await output(host, "xl pci-list contract || xl pci-list contract")).toContain(OTHER_NIC);
    await expect(new Deployment(host).delete(slot)).rejects.toThrow(/the VM "contract" \(domain \d+\) has/);

    await new Deployment(host).delete(second);
    await output(host, `${VIRSH} destroy contract`);
    await new Deployment(host).delete(first);
    expect(await inactive()).toBe(before);
    await new Deployment(host).delete(slot);
    expect(await driverOf(host, NIC)).toBe("e1000e");
    expect(await driverOf(host, OTHER_NIC)).toBe("e1000e");
  },
  MINUTES_30,
);
