import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { driverOf, output } from "../contract/test-host";
import { PulumiProject } from "../engine/pulumi-project";

/**
 * Red Hat Enterprise Linux, "PCI passthrough", 15.1 "Adding a PCI device with virsh": the USB controller pci_8086_3a6c,
 * 0:0:26.7 in libvirt's decimal numbers, for the guest win2k3.
 */
const USB = "0000:00:1a.7";
const XML = "/etc/libvirt/qemu/win2k3.xml";

let host: SimulatedHost;
let project: PulumiProject;
let untouched: string;
const guest = () => output(host, "virsh -c qemu:///system dumpxml --inactive win2k3");
const snapshot = () =>
  output(host, `cat ${XML}; cd /sys/bus/pci/drivers && ls -d */0000:*; getsebool virt_use_sysfs; ls -a /var/lib`);

beforeAll(async () => {
  host = await startSimulatedHost({ name: "rhel5", profile: "rhel-kvm" });
  untouched = await snapshot();
  const { address, port, user, identityFile, hostKey } = host;
  project = await PulumiProject.create({
    kind: "text",
    text: `
const pci = require("pulumi-pci-passthrough");
const host = ${JSON.stringify({ address, port, user, identityFile, hostKey })};
const usb = new pci.AssignableDevice("usb", { host, device: "00:1a.7" });
const attachment = new pci.VmPciAttachment("usb-of-win2k3", { host, device: "00:1a.7", vm: "win2k3" }, { dependsOn: usb });
exports.active = attachment.active;
exports.pending = attachment.pending;
`,
  });
}, 600_000);
afterAll(async () => {
  await project?.dispose();
  await host?.stop();
});

const step = (name: string, body: () => Promise<void>) => test(name, body, 600_000);

step("preview names the device, its driver, the guest and the SELinux boolean", async () => {
  const { output: shown } = await project.preview();
  expect(shown).toContain(
    `${USB} is taken from the host driver ehci_hcd (USB controller: Intel Corporation 82801JD/DO (ICH10 Family) USB2 EHCI Controller #2)`,
  );
  expect(shown).toContain(`the VM "win2k3" gets ${USB} at its next start`);
  expect(shown).toContain("the SELinux boolean virt_use_sysfs is turned on permanently");
  expect(await snapshot()).toBe(untouched);
});

step("up detaches the device, edits the offline guest and sets the boolean, as the guide does", async () => {
  const before = await guest();
  const { output: shown } = await project.up();
  expect(shown).toContain("+ 3 created");
  const done = host.stats.commandLines.filter((line) => /^(virsh .*(nodedev-dettach|define)|setsebool) /.test(line));
  expect(done).toEqual([
    "virsh -c qemu:///system nodedev-dettach pci_8086_3a6c",
    "setsebool -P virt_use_sysfs 1",
    "virsh -c qemu:///system define /var/run/pulumi-pci-passthrough/virsh.xml.new",
  ]);
  expect(await output(host, `readlink /sys/bus/pci/devices/${USB}/driver`)).toBe("../../../bus/pci/drivers/pci-stub\n");
  const hostdev = `    <hostdev mode='subsystem' type='pci' managed='no'>
      <source>
        <address domain='0x0000' bus='0x00' slot='0x1a' function='0x7'/>
      </source>
    </hostdev>
`;
  expect(await guest()).toContain(hostdev);
  expect((await guest()).replace(hostdev, "")).toBe(before);
});

step("the guest starts and has the device", async () => {
  await output(host, "virsh -c qemu:///system start win2k3");
  expect(await output(host, "virsh -c qemu:///system dumpxml win2k3")).toContain("slot='0x1a' function='0x7'");
  expect(await project.outputs()).toMatchObject({ active: false });
  const { output: shown } = await project.up({ args: ["--refresh"] });
  expect(await project.outputs()).toMatchObject({ active: true });
  expect(shown).toContain("3 unchanged");
  await output(host, "virsh -c qemu:///system destroy win2k3");
});

step("what somebody took back by hand is found and made again", async () => {
  await output(
    host,
    `virsh -c qemu:///system nodedev-reattach pci_8086_3a6c
virsh -c qemu:///system dumpxml win2k3 | sed '/<hostdev/,/<\\/hostdev>/d' > /tmp/win2k3.xml
virsh -c qemu:///system define /tmp/win2k3.xml
setsebool -P virt_use_sysfs 0`,
  );
  expect((await project.up()).output).toContain("~ 2 updated");
  expect(await driverOf(host, USB)).toBe("pci-stub");
  expect(await guest()).toContain("slot='0x1a' function='0x7'");
  expect(await output(host, "getsebool virt_use_sysfs")).toBe("virt_use_sysfs --> on\n");
  expect((await project.up({ args: ["--expect-no-changes"] })).exitCode).toBe(0);
});

step("destroy gives everything back, byte for byte", async () => {
  expect((await project.destroy()).exitCode).toBe(0);
  expect(await driverOf(host, USB)).toBe("ehci_hcd");
  expect(await snapshot()).toBe(untouched);
});
