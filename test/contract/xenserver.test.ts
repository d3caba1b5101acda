import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Deployment } from "./deployment";
import { driverOf, output } from "./test-host";

const XEN_CMDLINE = "/opt/xensource/libexec/xen-cmdline";
const KEY = "xen-pciback.hide";
const MINE = "/var/lib/pulumi-pci-passthrough";

let host: SimulatedHost;

async function start(profile: string): Promise<void> {
  host = await startSimulatedHost({ name: "xs1", profile, rebootMs: 1 });
}

afterEach(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

const list = async () => (await output(host, `${XEN_CMDLINE} --get-dom0 ${KEY}`)).trim();
const pciOf = async (uuid: string) =>
  (await host.exec(`xe vm-param-get uuid=${uuid} param-name=other-config param-key=pci`)).stdout;

/** Arguments of the boot entries, not bytes: xen-cmdline writes the file in its own form the first time. */
async function state(grub: string): Promise<string> {
  const drivers = await output(host, "cd /sys/bus/pci/drivers && ls -d */0000:*");
  const machines = await output(host, "xe vm-list --all params=uuid,name-label,power-state,other-config");
  const entries = [...host.readFile(grub).matchAll(/^\tmodule2 (\S+ .*)$/gm)].map(([, text]) => text);
  return [
    drivers,
    machines,
    ...entries,
    await output(host, "ls /var/lib /boot/grub /boot/efi 2> /dev/null; true"),
  ].join("\n");
}

const PROFILES = [
  {
    profile: "xenserver-7",
    grub: "/boot/grub/grub.cfg",
    nic: "0000:04:00.0",
    driver: "tg3",
    disk: "00:1f.2",
    management: "00:19.0",
    vm: "c5d4e3f2-a1b0-4c9d-8e7f-6a5b4c3d2e1f",
    theirs: "(00:1b.0)(0000:00:1a.*)",
    other: "0000:00:1b.0",
  },
  {
    profile: "xcpng-8.3",
    grub: "/boot/efi/EFI/xenserver/grub.cfg",
    nic: "0000:03:00.0",
    driver: "igb",
    disk: "00:17.0",
    management: "02:00.0",
    vm: "5f6a7b8c-9d0e-4f1a-b2c3-d4e5f6a7b8c9",
    theirs: "(0000:01:00.1)",
    other: "0000:01:00.1",
  },
] as const;

describe.each(PROFILES)("$profile", ({ profile, grub, nic, driver, disk, management, vm, theirs, other }) => {
  beforeEach(() => start(profile));

  test("hidden, rebooted, attached beside others' entries, started, and everything given back", async () => {
    const before = `it's $(a) "b" \\n, 0/0000:00:1f.3,7/${other}`;
    await output(host, `${XEN_CMDLINE} --set-dom0 '${KEY}=${theirs}'`);
    await output(host, `xe vm-param-set uuid=${vm} 'other-config:pci=${before.replaceAll("'", "'\\''")}'`);
    await host.reboot();
    const untouched = await state(grub);

    const hidden = await new Deployment(host).create("HiddenPciDevice", { device: nic });
    expect(hidden.outs).toMatchObject({ configured: true, active: false, pending: "host-reboot" });
    expect(await list()).toBe(`${KEY}=${theirs}(${nic})`);
    expect(host.readFile(`${MINE}/before${grub}`)).not.toContain(nic);
    await host.reboot();
    expect(await driverOf(host, nic)).toBe("pciback");
    const attachment = await new Deployment(host).create("VmPciAttachment", { device: nic, vm });
    expect(await pciOf(vm)).toBe(`${before},8/${nic}\n`);
    expect(attachment.outs).toMatchObject({ configured: true, active: false, pending: "none" });
    await output(host, `xe vm-start uuid=${vm}`);
    const running = await new Deployment(host).read(attachment);
    expect(running?.outs).toMatchObject({ configured: true, active: true, pending: "none" });

    await new Deployment(host).delete(attachment);
    expect(await pciOf(vm)).toBe(`${before}\n`);
    await output(host, `xe vm-shutdown uuid=${vm} --force`);
    await new Deployment(host).delete(hidden);
    expect(await list()).toBe(`${KEY}=${theirs}`);
    await host.reboot();
    expect(await driverOf(host, nic)).toBe(driver);
    expect(await state(grub)).toBe(untouched);
  }, 600_000);

  test("preview refuses the disk that the host boots from, and the NIC of the session", async () => {
    const preview = new Deployment(host);
    const boot = await preview.check("HiddenPciDevice", { device: disk });
    expect(boot.failures[0]?.reason).toContain("carries sda, which the host uses for /");
    const session = await preview.check("HiddenPciDevice", { device: management });
    expect(session.failures[0]?.reason).toMatch(
      /is the network interface xenbr0 under ovs-system under eth0|is the network interface eth0/,
    );
  });
});

test("a list that the kernel rejects is left alone, and pciback is not there after the boot", async () => {
  await start("xenserver-7");
  await output(host, `${XEN_CMDLINE} --set-dom0 '${KEY}=(0000:82.0.0)'`);
  await host.reboot();
  const preview = new Deployment(host);
  const hide = await preview.check("HiddenPciDevice", { device: "04:00.0" });
  expect(hide.failures[0]?.reason).toContain("which the kernel does not accept");
  const assign = await preview.check("AssignableDevice", { device: "04:00.0" });
  expect(assign.failures[0]?.reason).toContain(`the kernel does not accept ${KEY}=(0000:82.0.0)`);
  expect(await list()).toBe(`${KEY}=(0000:82.0.0)`);
  expect(await output(host, "dmesg")).toContain('Error parsing pci_devs_to_hide at "(0000:82.0.0)"');
});

test("a boot file that cannot be written stays as it is, and nothing is claimed", async () => {
  await start("xenserver-7");
  const before = host.readFile("/boot/grub/grub.cfg");
  host.failAt({ writesUnder: "/boot/grub", error: "ENOSPC" });
  await expect(new Deployment(host).create("HiddenPciDevice", { device: "04:00.0" })).rejects.toThrow(
    /No space left on device.*All steps were undone/s,
  );
  expect(host.readFile("/boot/grub/grub.cfg")).toBe(before);
  expect(await output(host, "ls /var/lib")).not.toContain("pulumi-pci-passthrough");
});

test("XAPI's own command for dom0 access and ours share one list", async () => {
  await start("xcpng-8.3");
  const hidden = await new Deployment(host).create("HiddenPciDevice", { device: "03:00.0" });
  const uuid = (await output(host, "xe pci-list pci-id=0000:04:00.0 params=uuid --minimal")).trim();
  expect(await output(host, `xe pci-disable-dom0-access uuid=${uuid}`)).toBe("disable_on_reboot\n");
  expect(await list()).toBe(`${KEY}=(0000:04:00.0)(0000:03:00.0)`);
  const theirs = await new Deployment(host).create("HiddenPciDevice", { device: "04:00.0" }, "taken-over");
  await new Deployment(host).delete(hidden);
  await new Deployment(host).delete(theirs);
  expect(await list()).toBe(`${KEY}=(0000:04:00.0)`);
  expect(await output(host, `xe pci-get-dom0-access-status uuid=${uuid}`)).toBe("disable_on_reboot\n");
}, 600_000);

test("a write that xapi breaks off in the middle is put back", async () => {
  await start("xcpng-8.3");
  const vm = "5f6a7b8c-9d0e-4f1a-b2c3-d4e5f6a7b8c9";
  await output(host, `xe vm-param-set uuid=${vm} other-config:pci=0/0000:01:00.1`);
  const stderr = "There was an attempt to add a duplicate key\n";
  host.failAt({ command: "xapi VM.add_to_other_config", times: 1, stderr });
  await expect(new Deployment(host).create("VmPciAttachment", { device: "03:00.0", vm })).rejects.toThrow(
    /duplicate key\. All steps were undone/,
  );
  expect(await pciOf(vm)).toBe("0/0000:01:00.1\n");
});

test("XAPI in emergency mode: nothing is done, nothing is lost, and hiding goes on without it", async () => {
  await start("xcpng-8.3");
  const attachment = await new Deployment(host).create("VmPciAttachment", { device: "03:00.0", vm: "gpu1" });
  host.failAt({ command: "xe", stderr: "Cannot perform operation as the host is running in emergency mode.\n" });
  await expect(new Deployment(host).delete(attachment)).rejects.toThrow('run "xe pool-recover-slaves" there');
  const without = new Deployment(host);
  expect(await without.read(attachment)).toBeDefined();
  expect((await without.check("HiddenPciDevice", { device: "03:00.0" })).failures).toEqual([]);
  host.heal();
  await new Deployment(host).delete(attachment);
  expect(await pciOf("5f6a7b8c-9d0e-4f1a-b2c3-d4e5f6a7b8c9")).toBe("");
}, 600_000);

test("AssignableDevice binds now by xl, and a VM that had the device leaves it on pciback", async () => {
  await start("xenserver-7");
  const nic = "0000:04:00.0";
  const assignable = await new Deployment(host).create("AssignableDevice", { device: nic });
  const attachment = await new Deployment(host).create("VmPciAttachment", { device: nic, vm: "media" });
  await output(host, "xe vm-start vm=media");
  await expect(new Deployment(host).delete(assignable)).rejects.toThrow(`the VM "media" (domain 1) has ${nic} now`);
  await output(host, "xe vm-shutdown vm=media --force");
  expect(await driverOf(host, nic)).toBe("pciback");
  await new Deployment(host).delete(attachment);
  await new Deployment(host).delete(assignable);
  expect(await driverOf(host, nic)).toBe("tg3");
}, 600_000);
