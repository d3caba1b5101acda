import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { output } from "../contract/test-host";
import { PulumiProject } from "../engine/pulumi-project";

/**
 * "Xen: assigning PCI devices to a domain", from BeSTGRID: all USB controllers 00:1d of a CentOS 5 host for the guest
 * NGTest, whose configuration has a name without an ending, with a quirk as its "PCI permissions" say; and a card that
 * modprobe.conf hides, as the Red Hat guide of that age does.
 */
const USB = ["0", "1", "2", "3", "7"].map((func) => `0000:00:1d.${func}`);
const CONFIG = "/etc/xen/NGTest-dom0kernel";

let host: SimulatedHost;
let project: PulumiProject;
let untouched: string;
let config: string;
let modprobe: string;
const drivers = () => output(host, "cd /sys/bus/pci/drivers && ls -d */0000:*");
const snapshot = async () =>
  `${await drivers()}${await output(host, "cksum /etc/modprobe.conf /etc/xen/*; ls -a /var/lib")}`;

beforeAll(async () => {
  host = await startSimulatedHost({ name: "bestgrid", profile: "rhel5-xen" });
  untouched = await snapshot();
  config = host.readFile(CONFIG);
  modprobe = host.readFile("/etc/modprobe.conf");
  const { address, port, user, identityFile, hostKey } = host;
  project = await PulumiProject.create({
    kind: "text",
    text: `
const pci = require("pulumi-pci-passthrough");
const host = ${JSON.stringify({ address, port, user, identityFile, hostKey })};
const usb = new pci.AssignableDevice("usb", { host, device: "00:1d" });
new pci.VmPciAttachment("usb-of-ngtest", { host, device: usb.device, vm: "NGTest", quirks: ["000000e0:2:00000000"] });
new pci.HiddenPciDevice("nic", { host, device: "09:00.0" });
`,
  });
}, 600_000);
afterAll(async () => {
  await project?.dispose();
  await host?.stop();
});

const step = (name: string, body: () => Promise<void>) => test(name, body, 600_000);

step("preview names each controller and its driver, and waits for no reboot but the card's", async () => {
  const { output: shown } = await project.preview();
  for (const address of USB)
    expect(shown).toMatch(new RegExp(`${address} is taken from the host driver [ue]hci_hcd \\(USB Controller: `));
  expect(shown).toContain("at the next boot: 0000:09:00.0");
  expect(await snapshot()).toBe(untouched);
});

step("up frees the controllers and gives them to pciback, which says so: the host is not rebooted", async () => {
  expect((await project.up()).output).toContain("+ 4 created");
  expect(host.stats.commandLines).toContain("modprobe pciback");
  const messages = await output(host, "dmesg");
  for (const address of USB) expect(messages).toContain(`pciback ${address}: seizing device`);
  const list = USB.map((address) => `'${address}'`).join(", ");
  expect(host.readFile(CONFIG)).toBe(`${config}pci = [ ${list} ]\n`);
  expect(host.readFile("/etc/modprobe.conf")).toBe(
    `${modprobe}options pciback hide=(0000:09:00.0)\ninstall bnx2 /sbin/modprobe pciback; /sbin/modprobe --first-time --ignore-install bnx2\n`,
  );
  expect(host.stats.reboots).toBe(0);
});

step("the VM has the devices on a bus of pcifront", async () => {
  await output(host, "xm create NGTest-dom0kernel");
  const console = await output(host, "xm console NGTest");
  expect(console).toContain("pcifront pci-0: Installing PCI frontend");
  expect(console).toContain("0x8086:0x2836");
  expect(await output(host, "cat /sys/bus/pci/drivers/pciback/quirks")).toContain("00:1d.7\n\t\t000000e0:2:00000000\n");
  // That the VM has them now is new to the state alone.
  const { output: shown } = await project.up();
  expect(shown).toContain("[diff: ~active]");
  expect(shown).toContain("~ 1 updated");
  expect((await project.up({ args: ["--expect-no-changes"] })).exitCode).toBe(0);
  await output(host, "xm destroy NGTest");
});

step("a reboot loses the controllers, which up gives to pciback again, and takes the card", async () => {
  await host.reboot();
  expect(await drivers()).toContain("uhci_hcd/0000:00:1d.0");
  expect(await drivers()).toContain("pciback/0000:09:00.0");
  // The controllers; what the reboot and the end of the VM changed for the card and the attachment is new to the state.
  expect((await project.up()).output).toContain("~ 3 updated");
  for (const address of USB) expect(await drivers()).toContain(`pciback/${address}`);
});

step("destroy gives the controllers back at once and the card at the next boot, byte for byte", async () => {
  expect((await project.destroy()).exitCode).toBe(0);
  expect(await drivers()).toContain("uhci_hcd/0000:00:1d.0");
  expect(host.readFile("/etc/modprobe.conf")).toBe(modprobe);
  await host.reboot();
  expect(await snapshot()).toBe(untouched);
});
