import { connectionPool } from "../../provider/host/connection-pool";
import { parsePciAddress } from "../../provider/pci/address";
import type { Step } from "../../provider/steps/steps";
import type { Hostdev } from "../../provider/vm-text/domain-hostdev";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { group, scriptOf } from "../script/apply-groups";
import { Deployment } from "./deployment";
import { driverOf, output } from "./test-host";

const NVME = "0000:03:00.0";
const VIRSH = "virsh -c qemu:///system";

jest.setTimeout(600_000);

let host: SimulatedHost;
const start = async (profile: string) => {
  host = await startSimulatedHost({ name: "kvm1", profile });
};
afterEach(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

test("a hot-plug that QEMU refuses leaves the configuration as it was, and says what libvirt said", async () => {
  await start("debian-kvm");
  await output(host, `${VIRSH} start web`);
  const before = await output(host, `${VIRSH} dumpxml --inactive web`);
  const said = "error: Failed to attach device\nerror: internal error: unable to execute QEMU command 'device_add'\n";
  const { uuid } = /<uuid>(?<uuid>.*)<\/uuid>/.exec(before)?.groups ?? {};
  // The configuration first, then the running VM.
  const file = "/var/run/pulumi-pci-passthrough/virsh.xml";
  host.failAt({ command: `${VIRSH} attach-device ${uuid} ${file} --live`, stderr: said, exitCode: 1 });
  await expect(new Deployment(host).create("VmPciAttachment", { device: NVME, vm: "web" })).rejects.toThrow(
    /could not hot-plug 0000:03:00\.0 into the VM "web"\. The host said: [\s\S]*device_add[\s\S]*All steps were undone/,
  );
  expect(await output(host, `${VIRSH} dumpxml --inactive web`)).toBe(before);
  expect(await driverOf(host, NVME)).toBe("nvme");
});

test("a step that fails after an attach takes the root ports back that libvirt made for it", async () => {
  await start("debian-kvm");
  const guest = `<domain type='kvm'>
  <name>crowded</name>
  <uuid>5f6c1a7e-0f0d-4f43-9d3a-0f4f4f3b1f10</uuid>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
  </os>
  <devices>
    <controller type='pci' index='0' model='pcie-root'/>
    <memballoon model='none'/>
  </devices>
</domain>
`;
  await output(host, `printf %s "${guest}" > /root/crowded.xml; ${VIRSH} define /root/crowded.xml`);
  const before = await output(host, `${VIRSH} dumpxml --inactive crowded`);
  const address = parsePciAddress(NVME) as Hostdev["address"];
  const vm = { uuid: "5f6c1a7e-0f0d-4f43-9d3a-0f4f4f3b1f10", name: "crowded" };
  const hostdev: Hostdev = { address, managed: true, options: {}, guestAddress: undefined, driver: undefined };
  const to = { to: "config", separateScopes: true, uri: "qemu:///system" } as const;
  const steps: readonly Step[] = [
    { kind: "virsh-attach", vm, hostdev, ...to, madePorts: [2, 1] },
    { kind: "make-assignable", address, from: "nvme", stub: "vfio-pci", by: "virsh" },
  ];
  host.failAt({ command: `${VIRSH} nodedev-detach`, stderr: "error: Failed to detach device\n", exitCode: 1 });
  const script = scriptOf(group(...steps));
  const result = script.read(await output(host, script.text));
  expect(result.kind === "ended" && result.groups[0]).toMatchObject({ kind: "failed", notUndone: [] });
  expect(host.stats.commandLines.filter((line) => /^virsh.* detach-device/.test(line))).toHaveLength(3);
  expect(await output(host, `${VIRSH} dumpxml --inactive crowded`)).toBe(before);
});

test("a daemon that is down: a clear error, devices are made assignable without it, and go back unless a VM has them open", async () => {
  await start("debian-kvm");
  const down =
    "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock'\n";
  host.failAt({ command: "virsh", stderr: down, exitCode: 1 });
  const { failures } = await new Deployment(host).check("VmPciAttachment", { device: NVME, vm: "web" });
  expect(failures[0]?.reason).toMatch(/libvirt does not answer\..*libvirt-sock'\. Start it: systemctl start libvirtd/);
  const nvme = await new Deployment(host).create("AssignableDevice", { device: NVME });
  expect(await driverOf(host, NVME)).toBe("vfio-pci");
  host.heal();
  const vm = await new Deployment(host).create("VmPciAttachment", { device: NVME, vm: "web" });
  await output(host, `${VIRSH} start web`);
  host.failAt({ command: "virsh", stderr: down, exitCode: 1 });
  await expect(new Deployment(host).delete(nvme)).rejects.toThrow(
    /the VM "web" \(process 4001, which has \/dev\/vfio\/\d+ open\) has 0000:03:00\.0 now/,
  );
  expect(await driverOf(host, NVME)).toBe("vfio-pci");
  host.heal();
  await output(host, `${VIRSH} destroy web`);
  await new Deployment(host).delete(vm);
  host.failAt({ command: "virsh", stderr: down, exitCode: 1 });
  await new Deployment(host).delete(nvme);
  expect(await driverOf(host, NVME)).toBe("nvme");
});

test("libvirt that cannot detach a device: nothing is left on the way", async () => {
  await start("debian-kvm");
  host.failAt({ command: `${VIRSH} nodedev-detach`, stderr: "error: Failed to detach device\n", exitCode: 1 });
  await expect(new Deployment(host).create("AssignableDevice", { device: NVME })).rejects.toThrow(
    /could not move 0000:03:00\.0 from nvme to vfio-pci\.[\s\S]*Failed to detach device[\s\S]*All steps were undone/,
  );
  expect(await driverOf(host, NVME)).toBe("nvme");
  expect(await output(host, "ls /var/lib")).not.toContain("pulumi");
});

test("RHEL 5: a running guest gets the device at its next start, and is not changed", async () => {
  await start("rhel-kvm");
  await output(host, `${VIRSH} start win2k3`);
  const preview = new Deployment(host);
  await preview.check("VmPciAttachment", { device: "00:1a.7", vm: "win2k3" });
  expect(preview.lines.join("\n")).toMatch(/gets it at its next start: .*\(RHEL 5\) has no hot-plug of PCI devices/);
  const attachment = await new Deployment(host).create("VmPciAttachment", { device: "00:1a.7", vm: "win2k3" });
  expect(attachment.outs).toMatchObject({ configured: true, active: false, pending: "vm-restart" });
  expect(await output(host, `${VIRSH} dumpxml win2k3`)).not.toContain("<hostdev");
});
