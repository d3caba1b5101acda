import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { driverOf, output } from "../contract/test-host";
import { PulumiProject } from "../engine/pulumi-project";

/**
 * "Passthrough" with the init script /etc/init.d/pciback and its list /etc/xen/pciback.conf, on Debian with xend: the
 * script of the document is there and runs at boot; its list, /etc/modules and the guest's /etc/xen/test.cfg are what a
 * person would edit.
 */
const NIC = "0000:01:00.0";
const CONF = "/etc/xen/pciback.conf";

let host: SimulatedHost;
let project: PulumiProject;
let untouched: string;
let conf: string;
let config: string;
const snapshot = () =>
  output(
    host,
    "cd /sys/bus/pci/drivers && ls -d */0000:*; cksum /etc/modules /etc/xen/* /etc/init.d/*; ls /etc/rc2.d; ls -a /var/lib",
  );

beforeAll(async () => {
  host = await startSimulatedHost({ name: "squeeze", profile: "pciback-conf" });
  untouched = await snapshot();
  conf = host.readFile(CONF);
  config = host.readFile("/etc/xen/test.cfg");
  const { address, port, user, identityFile, hostKey } = host;
  project = await PulumiProject.create({
    kind: "text",
    text: `
const pci = require("pulumi-pci-passthrough");
const host = ${JSON.stringify({ address, port, user, identityFile, hostKey })};
const hidden = new pci.HiddenPciDevice("nic", { host, device: "01:00.0" });
const attachment = new pci.VmPciAttachment("nic-of-test", { host, device: hidden.device, vm: "/etc/xen/test.cfg" });
exports.hidden = hidden.pending;
exports.attached = attachment.active;
`,
  });
}, 600_000);
afterAll(async () => {
  await project?.dispose();
  await host?.stop();
});

const step = (name: string, body: () => Promise<void>) => test(name, body, 600_000);

step("preview says that the device changes hands at the next boot, and late in it", async () => {
  const { output: shown } = await project.preview();
  expect(shown).toContain(
    `at the next boot: ${NIC} is taken from the host driver e1000e (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection)`,
  );
  expect(shown).toContain("at each boot its own driver holds it until the boot script binds it to pciback");
  expect(shown).toContain("the change waits for a reboot of the host");
  expect(await snapshot()).toBe(untouched);
});

step("up writes the three lines of the document, and leaves the script alone", async () => {
  expect((await project.up()).output).toContain("+ 3 created");
  expect(host.readFile(CONF)).toBe(`${conf}${NIC}\n`);
  expect(host.readFile("/etc/modules")).toBe(
    "# /etc/modules: kernel modules to load at boot time.\nloop\nxen_pciback\n",
  );
  expect(host.readFile("/etc/xen/test.cfg")).toBe(`${config}pci = [ '${NIC}' ]\n`);
  expect(await output(host, "ls /etc/init.d /etc/rc2.d")).not.toContain("pulumi");
  expect(await driverOf(host, NIC)).toBe("e1000e");
});

step("after the reboot pciback has the device, xm lists it, and the VM has it", async () => {
  await host.reboot();
  expect(await driverOf(host, NIC)).toBe("pciback");
  expect(await output(host, "xm pci-list-assignable-devices")).toBe(`${NIC}\n`);
  await output(host, "xm create test.cfg");
  expect(await output(host, "xm pci-list test")).toBe(`Device\n${NIC}\n`);
  expect(await output(host, "xm console test")).toContain("0x8086:0x10d3");
  expect(await project.outputs()).toMatchObject({ hidden: "host-reboot", attached: false });
  const { output: shown } = await project.up({ args: ["--refresh"] });
  expect(await project.outputs()).toMatchObject({ hidden: "none", attached: true });
  expect(shown).toContain("3 unchanged");
});

step("a list that somebody emptied gets its line again, and keeps what else was edited", async () => {
  host.writeFile(CONF, `${conf}# by hand\n0000:02:00.0\n`);
  expect((await project.up()).output).toContain("~ 1 updated");
  expect(host.readFile(CONF)).toBe(`${conf}# by hand\n0000:02:00.0\n${NIC}\n`);
  host.writeFile(CONF, `${conf}${NIC}\n`);
});

step("destroy detaches the device from the running VM and takes the lines out; the reboot gives it back", async () => {
  expect((await project.destroy()).exitCode).toBe(0);
  expect(await output(host, "xm pci-list test")).toBe("");
  expect(host.readFile("/etc/xen/test.cfg")).toBe(config);
  expect(await driverOf(host, NIC)).toBe("pciback");
  await host.reboot();
  expect(await snapshot()).toBe(untouched);
});
