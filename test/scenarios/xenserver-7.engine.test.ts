import path from "node:path";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { driverOf, output } from "../contract/test-host";
import { CHECKOUT } from "../engine/project-folder";
import { PulumiProject } from "../engine/pulumi-project";

/**
 * "PCI pass-through on XenServer 7.0", with its host and its device 04:00.0: hide it from dom0 with xen-cmdline,
 * reboot, give it to the VM with xe, start the VM. The program is examples/xenserver.
 */
const NIC = "0000:04:00.0";
const VM = "2b6f1d0a-93c4-4f0b-a1c5-6f0e8d7c5b4a";
const GRUB = "/boot/grub/grub.cfg";
const XEN_CMDLINE = "/opt/xensource/libexec/xen-cmdline";

let host: SimulatedHost;
let project: PulumiProject;
let untouched: string;
const hideArgument = async () => (await output(host, `${XEN_CMDLINE} --get-dom0 xen-pciback.hide`)).trim();
const pci = () => output(host, `xe vm-param-get uuid=${VM} param-name=other-config param-key=pci`);
/** Boot arguments instead of the file's bytes: xen-cmdline writes grub.cfg in its own form. */
const snapshot = async () => {
  const kernels = [...host.readFile(GRUB).matchAll(/^\s*module2 \S*vmlinuz.*$/gm)].map(([line]) => line).join("\n");
  const drivers = await output(host, "cd /sys/bus/pci/drivers && ls -d */0000:*; ls /var/lib");
  return `${kernels}\n${drivers}${await output(host, "xe vm-list --all params=uuid,name-label,other-config")}`;
};
const commands = () =>
  host.stats.commandLines.filter((line) =>
    /^xen-cmdline --(set|delete)|^xe (vm-param-(set|remove)|host-(dis|re))/.test(line),
  );

beforeAll(async () => {
  host = await startSimulatedHost({ name: "helical", profile: "xenserver-7" });
  untouched = await snapshot();
  project = await PulumiProject.create({ kind: "folder", folder: path.join(CHECKOUT, "examples/xenserver") });
  const { address, port, user, identityFile, hostKey } = host;
  project.configure({
    host: { address, port, user, identityFile, hostKey },
    device: "04:00.0",
    vm: "Windows 7 (64-bit) (1)",
  });
}, 600_000);
afterAll(async () => {
  await project?.dispose();
  await host?.stop();
});

const step = (name: string, body: () => Promise<void>) => test(name, body, 600_000);

step("preview says what dom0 loses, and what the VM gives up", async () => {
  const { output: shown, exitCode } = await project.preview();
  expect(shown).toContain(`at the next boot: ${NIC} is taken from the host driver`);
  expect(shown).toContain("the change waits for a reboot of the host");
  expect(shown).toContain(`other-config:pci of the VM "Windows 7 (64-bit) (1)" becomes 0/${NIC}`);
  expect(shown).toContain("cannot be migrated, suspended or checkpointed");
  expect(shown).toContain("high availability does not protect the VM");
  expect(exitCode).toBe(0);
  expect(await snapshot()).toBe(untouched);
});

step(
  "up edits the boot line, reboots the host, and tells the toolstack, with the commands of the article",
  async () => {
    const { output: shown } = await project.up();
    expect(shown).toContain("+ 4 created");
    expect(commands()).toEqual([
      `xen-cmdline --set-dom0 xen-pciback.hide=(${NIC})`,
      "xe host-disable uuid=0d3c5f2e-6b8e-4d6d-9f6e-7a1b2c3d4e5f",
      "xe host-reboot uuid=0d3c5f2e-6b8e-4d6d-9f6e-7a1b2c3d4e5f",
      `xe vm-param-set uuid=${VM} other-config:pci=0/${NIC}`,
    ]);
    expect(host.readFile(GRUB)).toMatch(
      /^\tmodule2 \/boot\/vmlinuz-4\.4-xen .* splash xen-pciback\.hide=\(0000:04:00\.0\)$/m,
    );
    expect(host.stats.reboots).toBe(1);
    expect(await output(host, "cat /proc/cmdline")).toContain(`xen-pciback.hide=(${NIC})`);
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await pci()).toBe(`0/${NIC}\n`);
  },
);

step("the VM starts and has the device", async () => {
  await output(host, `xe vm-start uuid=${VM}`);
  expect(await output(host, "xl console 'Windows 7 (64-bit) (1)'")).toContain("=0x14e4:0x167a");
  const { output: shown } = await project.up({ args: ["--refresh"] });
  expect(shown).toContain("4 unchanged");
  await output(host, `xe vm-shutdown uuid=${VM} --force`);
});

step("what somebody took back by hand is found and made again", async () => {
  await output(host, `${XEN_CMDLINE} --delete-dom0 xen-pciback.hide`);
  await output(host, `xe vm-param-set uuid=${VM} other-config:pci=0/0000:00:1b.0`);
  expect((await project.preview()).output).toContain("~ 3 to update");
  expect((await project.up()).output).toContain("~ 3 updated");
  expect(await hideArgument()).toBe(`xen-pciback.hide=(${NIC})`);
  expect(await pci()).toBe(`0/0000:00:1b.0,1/${NIC}\n`);
  expect(host.stats.reboots).toBe(1);
  await output(host, `xe vm-param-set uuid=${VM} other-config:pci=1/${NIC}`);
});

step("destroy gives everything back, and says that the host waits for a reboot", async () => {
  const { output: shown, exitCode } = await project.destroy();
  expect(shown).toContain(`${NIC} stays on pciback until the host reboots`);
  expect(exitCode).toBe(0);
  expect(await hideArgument()).toBe("");
  await host.reboot();
  expect(await driverOf(host, NIC)).toBe("tg3");
  expect(await snapshot()).toBe(untouched);
});
