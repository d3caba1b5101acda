import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { driverOf, output } from "../contract/test-host";
import { PulumiProject } from "../engine/pulumi-project";

/**
 * "Xen 4.2 preview: xl and pci pass-through": a card of two functions, pci-assignable-add, pci-attach, permissive for a
 * PV guest.
 */
const CARD = ["0000:01:00.0", "0000:01:00.1"] as const;
const CONFIG = "/etc/xen/guest.cfg";

let host: SimulatedHost;
let project: PulumiProject;
let untouched: string;
const snapshot = () => output(host, "cd /sys/bus/pci/drivers && ls -d */0000:*; cksum /etc/xen/*; ls -a /var/lib");
const commands = (pattern: RegExp) => host.stats.commandLines.filter((line) => pattern.test(line));

const program = (functions: readonly string[]) => {
  const { address, port, user, identityFile, hostKey } = host;
  return `
const pci = require("pulumi-pci-passthrough");
const host = ${JSON.stringify({ address, port, user, identityFile, hostKey })};
for (const device of ${JSON.stringify(functions)}) {
  const nic = new pci.AssignableDevice("nic-" + device, { host, device });
  new pci.VmPciAttachment("guest-" + device, { host, device: nic.device, vm: "guest", permissive: true });
}
`;
};

beforeAll(async () => {
  host = await startSimulatedHost({ name: "xen42", profile: "xl-4.2" });
  untouched = await snapshot();
  project = await PulumiProject.create({ kind: "text", text: program([CARD[0]]) });
}, 600_000);
afterAll(async () => {
  await project?.dispose();
  await host?.stop();
});

const step = (name: string, body: () => Promise<void>) => test(name, body, 600_000);

step("preview says what dom0 loses, for which xl itself only has a caution", async () => {
  const { output: shown } = await project.preview();
  expect(shown).toContain("is taken from the host driver e1000e");
  expect(shown).toContain("the network interface enp1s0f0 disappears from the host");
  expect(shown).toContain(`gets ${CARD[0]} at its next start, by ${CONFIG}`);
  expect(await snapshot()).toBe(untouched);
});

step("up is pci-assignable-add and a line of the config, with permissive=1", async () => {
  expect((await project.up()).output).toContain("+ 3 created");
  expect(commands(/^xl pci-/)).toEqual([`xl pci-assignable-add ${CARD[0]}`]);
  expect(await output(host, "xl pci-assignable-list")).toBe(`${CARD[0]}\n`);
  expect(await output(host, `tail -n 1 ${CONFIG}`)).toBe(`pci = [ '${CARD[0]},permissive=1' ]\n`);
});

step("the VM has the device, and pciback lets it write all of the configuration space", async () => {
  await output(host, `xl create ${CONFIG}`);
  expect(await output(host, "xl console guest")).toContain("0x8086:0x10d3");
  expect(await output(host, "dmesg")).toContain(`pciback ${CARD[0]}: xen_pciback: enabling permissive mode`);
});

step("the second function is added to the running VM by pci-attach", async () => {
  project.setProgram(program(CARD));
  expect((await project.up()).output).toContain("+ 2 created");
  expect(commands(/^xl pci-attach/)).toEqual([`xl pci-attach 1 ${CARD[1]},permissive=1`]);
  expect(await output(host, "xl pci-list guest")).toContain(CARD[1]);
  expect((await project.up({ args: ["--expect-no-changes"] })).exitCode).toBe(0);
});

step("what was detached by hand is found and attached again, though this xl exits with 0 when it fails", async () => {
  await output(host, `xl pci-detach guest ${CARD[1]} && xl pci-assignable-remove -r ${CARD[1]}`);
  expect((await project.up()).output).toContain("~ 2 updated");
  expect(await output(host, "xl pci-list guest")).toContain(CARD[1]);

  await output(host, `xl pci-detach guest ${CARD[1]}`);
  host.failAt({ command: "xl pci-attach", exitCode: 0 });
  const { exitCode, output: shown } = await project.up();
  expect(exitCode).not.toBe(0);
  expect(shown).toContain(`domain 1 does not have ${CARD[1]}`);
  host.heal();
  expect((await project.up()).exitCode).toBe(0);
});

step("destroy is pci-detach and the way back to the drivers, byte for byte", async () => {
  expect((await project.destroy()).exitCode).toBe(0);
  expect(await output(host, "xl pci-list guest")).toBe("");
  for (const address of CARD) expect(await driverOf(host, address)).toBe("e1000e");
  expect(await snapshot()).toBe(untouched);
});
