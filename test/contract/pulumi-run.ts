import { setTimeout as delay } from "node:timers/promises";
import { PulumiProject } from "../engine/pulumi-project";
import { driverOf, output, snapshot, type TestHost, writeVmConfig } from "./test-host";

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";
const VM = "/etc/xen/engine.cfg";
const GUEST = 'kernel = "/root/vmlinuz-guest"\nramdisk = "/root/guest.img"\nmemory = 128\n';

/** The program of a user: one NIC for one VM. Names and the device are what the tests change between runs. */
function program(host: TestHost, device: string, suffix = ""): string {
  const { address, port, user, identityFile, hostKey } = host;
  return `
const pci = require("pulumi-pci-passthrough");
const host = ${JSON.stringify({ address, port, user, identityFile, hostKey })};
const nic = new pci.AssignableDevice("nic${suffix}", { host, device: "${device}" });
const attachment = new pci.VmPciAttachment("nic-of-vm${suffix}", { host, device: nic.device, vm: "engine" });
exports.functions = nic.functions;
exports.pending = attachment.pending;
`;
}

/** The whole story on the real engine: up, no change, drift, heal, rename, replace, destroy. */
export function pulumiRun(start: () => Promise<TestHost>, options: { readonly timeoutMs: number }): void {
  let host: TestHost;
  let project: PulumiProject;
  let untouched: string;

  const test = (name: string, body: () => Promise<void>) => it(name, body, options.timeoutMs);
  const assignable = async () => (await output(host, "xl pci-assignable-list")).trim();

  beforeAll(async () => {
    host = await start();
    await writeVmConfig(host, VM, `# by hand\nname = "engine"\n${GUEST}pci=[]`);
    untouched = await snapshot(host);
    project = await PulumiProject.create(
      { kind: "text", text: program(host, "01:00.0") },
      { PCI_PASSTHROUGH_CONNECT_TIMEOUT: "120" },
    );
  }, options.timeoutMs);

  afterAll(async () => {
    await project?.dispose();
    await host?.stop();
  }, options.timeoutMs);

  test("preview says what the host will feel, and touches nothing", async () => {
    const { exitCode, output: shown } = await project.preview();
    expect(shown).toContain(
      `${host.address}: 0000:01:00.0 (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection) is taken from the host driver e1000e`,
    );
    expect(shown).toContain("+ 3 to create");
    expect(exitCode).toBe(0);
    expect(await snapshot(host)).toBe(untouched);
  });

  test("up gives the device to the VM", async () => {
    const { exitCode, output: shown } = await project.up();
    expect(shown).toContain("+ 3 created");
    expect(exitCode).toBe(0);
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await output(host, `cat ${VM}`)).toBe(`# by hand\nname = "engine"\n${GUEST}pci=['0000:01:00.0']`);
  });

  test("the VM starts with the device, and prints it on its own console", async () => {
    // The log of the real host's xenconsoled; the simulated host has the console itself.
    const console = "cat /var/log/xen/console/guest-engine.log 2> /dev/null || xl console engine";
    await output(host, `xl create ${VM}`);
    while (!(await output(host, console)).includes("0x8086:0x10d3")) await delay(2000);
    await output(host, "xl destroy engine");
  });

  test("a second up changes nothing", async () => {
    const { exitCode, output: shown } = await project.up({ args: ["--expect-no-changes"] });
    expect(shown).toContain("3 unchanged");
    expect(exitCode).toBe(0);
  });

  test("a device that was released by hand is found and taken again, with and without a refresh", async () => {
    await output(host, `xl pci-assignable-remove -r ${NIC}`);
    expect((await project.preview()).output).toContain("~ 1 to update");
    expect((await project.up()).output).toContain("~ 1 updated");
    expect(await assignable()).toBe(NIC);

    await output(host, `xl pci-assignable-remove -r ${NIC}`);
    expect((await project.refresh()).exitCode).toBe(0);
    expect((await project.up()).exitCode).toBe(0);
    expect(await assignable()).toBe(NIC);
  });

  test("a VM configuration that was edited by hand gets its entry again, and keeps the edit", async () => {
    await writeVmConfig(host, VM, `# by hand\nname = "engine"\nmemory = 99\npci=[ ]`);
    expect((await project.up()).exitCode).toBe(0);
    expect(await output(host, `cat ${VM}`)).toBe(`# by hand\nname = "engine"\nmemory = 99\npci=[ '0000:01:00.0' ]`);
    await writeVmConfig(host, VM, `# by hand\nname = "engine"\n${GUEST}pci=['0000:01:00.0']`);
  });

  test("renamed resources keep the device", async () => {
    project.setProgram(program(host, "01:00.0", "-renamed"));
    const { exitCode, output: shown } = await project.up();
    expect(shown).toContain("+ 2 created");
    expect(shown).toContain("- 2 deleted");
    expect(exitCode).toBe(0);
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await output(host, `cat ${VM}`)).toContain("pci=['0000:01:00.0']");
  });

  test("another address is a replacement: the old device goes back first", async () => {
    project.setProgram(program(host, "01:00.1", "-renamed"));
    const { exitCode, output: shown } = await project.up();
    expect(shown).toContain("+-2 replaced");
    expect(exitCode).toBe(0);
    expect(await driverOf(host, NIC)).toBe("e1000e");
    expect(await assignable()).toBe(OTHER_NIC);
    expect(await output(host, `cat ${VM}`)).toContain("pci=['0000:01:00.1']");
  });

  test("destroy gives everything back, byte for byte", async () => {
    const { exitCode, output: shown } = await project.destroy();
    expect(shown).toContain(
      "0000:01:00.1 (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection) goes back to e1000e",
    );
    expect(exitCode).toBe(0);
    expect(await snapshot(host)).toBe(untouched);
  });

  test("preview refuses the NIC that carries the SSH session", async () => {
    project.setProgram(program(host, "00:03.0"));
    const { exitCode, output: shown } = await project.preview();
    expect(exitCode).not.toBe(0);
    expect(shown).toContain(
      "0000:00:03.0 (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection) is the network interface mgmt0",
    );
    expect(shown).toContain("the SSH session to 10.0.2.15 goes through it");
    expect(await snapshot(host)).toBe(untouched);
  });
}
